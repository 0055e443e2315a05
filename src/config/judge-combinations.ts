/** Values that are valid alone, and contradict each other. */
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { fail, type Issue, warn } from '../outcome/outcome.ts';
import type { View } from './choices.ts';
import type { VariableName } from './contract.ts';
import { DOCS } from './docs.ts';
import type { ConfigurationFinding } from './finding.ts';
import { GATEWAY, type Perspective } from './options.ts';

/** @param isUsable whether nothing is wrong with a variable alone */
export function judgeCombinations(
  view: View,
  service: Perspective | undefined,
  isUsable: (name: VariableName) => boolean,
): ConfigurationFinding[] {
  const found: readonly (readonly [VariableName, Issue | undefined])[] = [
    ['GATEWAY_HTTP_PORT', service === undefined || service === GATEWAY ? judgePorts(view) : undefined],
    ['FEDERATION_CUSTOM_JWKS_URI', judgeKeys(view)],
  ];
  return found.flatMap(([variable, outcome]) =>
    outcome === undefined || !isUsable(variable) ? [] : [{ rule: 'combination' as const, variable, outcome }],
  );
}

function judgePorts(view: View): Issue | undefined {
  const [grpc, http] = [view.value('GATEWAY_GRPC_PORT'), view.value('GATEWAY_HTTP_PORT')];
  if (grpc === undefined || grpc !== http) return undefined;
  return fail(`GATEWAY_HTTP_PORT is ${http}, and so is GATEWAY_GRPC_PORT`, {
    detail: 'The VCS gateway listens on both, and a port can be opened only once.',
    expected: 'two different ports, such as 1984 for gRPC and 1985 for HTTP',
    fix: advice`set GATEWAY_HTTP_PORT to another port, and change the load balancer, the services and the firewall rules that use it`,
    docs: DOCS.networking,
    evidence: { variables: ['GATEWAY_GRPC_PORT', 'GATEWAY_HTTP_PORT'], port: http },
    cause: cause.variable('GATEWAY_HTTP_PORT'),
  });
}

/** The keys at the address are those of an issuer, which the tokens name. */
function judgeKeys(view: View): Issue | undefined {
  const [issuer, uri] = ['FEDERATION_CUSTOM_ISSUER', 'FEDERATION_CUSTOM_JWKS_URI'] as const;
  if (!view.isSet(uri) || view.isSet(issuer)) return undefined;
  return warn(`${uri} is set without ${issuer}`, {
    detail:
      'Tokens still name Spacelift’s own domain as their issuer, and what verifies them looks for the keys there.',
    expected: 'both, or neither',
    ...view.misspellings.fixFor(issuer, advice`set ${issuer}, or remove ${uri}`),
    docs: DOCS.oidc,
    evidence: { set: uri, unset: issuer },
  });
}
