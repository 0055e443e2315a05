/** Messages for a run-time setting in the URL that the server rejects. */
import { advice, command, identifier, sql } from '../../src/outcome/fix.ts';
import { foreignParameter } from './foreign-parameters.ts';
import { isLater, meant } from './parameters.ts';
import type { Scene, ServerErrorMessages } from './scene.ts';
import type { ServerErrorKind } from './server-error.ts';

type Refusal = Extract<ServerErrorKind, { kind: 'sql' }>;

const SENT = 'Spacelift’s driver sends every parameter that it does not know to the server as a run-time setting.';

/** Title and fix, by the SQLSTATE (PostgreSQL manual, appendix A). */
export function parameterMessages(refusal: Refusal, scene: Scene): ServerErrorMessages {
  const { at, variable, url } = scene;
  const setting = refusal.setting ?? '';
  const where = Object.hasOwn(url.settings, setting) ? setting : `${setting} in the parameter options`;
  if (setting === 'role') return roleMessages(refusal, scene);
  if (foreignParameter(setting) !== undefined && where === setting) return foreignMessages(setting, scene);
  switch (refusal.code) {
    case '22023':
      return {
        title: `${at} rejected the value of ${where} in ${variable}`,
        expected: `a valid value for the PostgreSQL setting ${setting}`,
        fix: advice`correct or remove ${setting} in ${variable}`,
      };
    case '42501':
      return {
        title: `role "${url.user}" is not permitted to set ${where} in ${variable} at ${at}`,
        expected: 'settings that the role is allowed to change',
        fix: advice`remove ${setting} from ${variable}; a superuser can set it for the role: ALTER ROLE … SET …`,
      };
    case '55P02':
      return {
        title: `${at} does not allow a session to set ${where} in ${variable}`,
        expected: 'settings that a session can change',
        fix: advice`remove ${setting} from ${variable}, and set it on the server if it is needed`,
      };
    case '42601':
      return {
        title: `${at} could not read the parameter options in ${variable}`,
        expected: 'options=-c name=value, percent-encoded: options=-c%20name%3Dvalue',
        fix: advice`correct or remove options in ${variable}`,
      };
    default:
      return unknownMessages(setting, where, refusal.code, scene);
  }
}

function foreignMessages(setting: string, { at, variable, url }: Scene): ServerErrorMessages {
  const { of = '', instead: form } = foreignParameter(setting) ?? {};
  const instead = form?.(url.settings[setting] ?? '');
  return {
    title: `${setting} in ${variable} is a parameter of ${of}, and ${at} rejected it`,
    detail: SENT,
    expected: `parameters of pgx${instead === undefined ? '' : `: ${instead}`}`,
    fix:
      instead === undefined
        ? advice`remove ${setting} from ${variable}`
        : advice`replace ${setting} with ${instead} in ${variable}`,
  };
}

function unknownMessages(setting: string, where: string, code: string, { at, variable }: Scene): ServerErrorMessages {
  const near = meant(setting);
  const words = { title: `${at} rejected the parameter ${where} in ${variable}`, detail: SENT };
  if (near !== undefined && near !== setting) {
    return {
      ...words,
      expected: `a PostgreSQL setting or a driver parameter: ${near}`,
      fix: advice`replace ${setting} with ${near} in ${variable}`,
    };
  }
  return {
    ...words,
    ...(isLater(setting) && { detail: `Only later versions of Spacelift’s driver (pgx) know ${setting}. ${SENT}` }),
    expected: 'a PostgreSQL setting or a driver parameter',
    fix: advice`correct or remove ${setting} in ${variable}${code === '08P01' ? `; behind PgBouncer: ignore_startup_parameters = ${setting}` : ''}`,
  };
}

/** The role in the parameter `options`; the last one counts. A backslash keeps a space in it (PostgreSQL manual, 32.1.2). */
function roleIn(options: string): string {
  const [, role = ''] = [...options.matchAll(/(?:^|\s)(?:-c\s*|--)role\s*=\s*((?:\\.|\S)*)/gi)].at(-1) ?? [];
  return role.replaceAll(/\\(.)/g, '$1');
}

function roleMessages({ code }: Refusal, { at, variable, url }: Scene): ServerErrorMessages {
  const role = url.settings.role ?? roleIn(url.settings.options ?? '');
  if (code === '42501') {
    return {
      title: `role "${url.user}" is not permitted to act as role "${role}" at ${at} (role in ${variable})`,
      expected: `role "${url.user}" as a member of role "${role}"`,
      fix: command(sql`GRANT ${identifier(role)} TO ${identifier(url.user)};`),
    };
  }
  return {
    title: `role "${role}", which role in ${variable} names, does not exist at ${at}`,
    expected: 'an existing role, or no role in the URL',
    fix: advice`correct or remove role in ${variable}, or create the role: ${sql`CREATE ROLE ${identifier(role)};`}`,
  };
}
