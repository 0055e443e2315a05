/** What tells the JSON documents of this tool apart. A version increases when a field is removed or changes its meaning, but not when a field is added. */

export const REPORT_KIND = 'report';
export const SCHEMA_VERSION = 1;

export const MATRIX_KIND = 'matrix';
export const MATRIX_VERSION = 1;

export const COMPARISON_KIND = 'comparison';
export const COMPARISON_VERSION = 1;
