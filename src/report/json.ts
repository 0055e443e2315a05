/** A report or a matrix as one JSON document. */
export const renderJson = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
