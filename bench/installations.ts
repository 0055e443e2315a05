/** Complete installations, one for each provider. */
import { AKS, type Choice, EKS, GKE, ONPREM } from '../test/support/estate.ts';

export const INSTALLATIONS: Readonly<Record<string, Choice>> = {
  'on-premises': ONPREM,
  'Amazon Web Services': EKS,
  'Google Cloud': GKE,
  Azure: AKS,
};
