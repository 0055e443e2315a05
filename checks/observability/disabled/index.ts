/** No telemetry. */
import type { Provider } from '../provider.ts';

export const disabled: Provider = { summary: 'telemetry is disabled' };
