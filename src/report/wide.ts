/** The widths of all characters: a tenth of the time of a run to load, since they are sets of the whole of Unicode. */
export { default as stringWidth } from 'string-width';
export { default as wrapAnsi } from 'wrap-ansi';
