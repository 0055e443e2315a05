/** Names in Google Cloud's IAM. */

/** A member as IAM names it. */
export const memberOf = (account: string): string => `serviceAccount:${account}`;
