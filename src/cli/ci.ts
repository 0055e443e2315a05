/** What CI providers set in the environment. */

/** Whether a variable that stands for itself is set: not empty, and not `false`. */
export const isOn = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== 'false';
