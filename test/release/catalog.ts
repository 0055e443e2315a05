/** The clients that are too large to be had for every change. */
import { python, type Way } from '../peers/ways.ts';

export const CLIENTS = {
  az: python('azure-cli', '2.91.0', 'azure.cli'),
} as const satisfies Record<string, Way>;
