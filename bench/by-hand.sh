#!/usr/bin/env bash
# The script that someone would write without spacelift-preflight, with the config, the documentation and the usual clients:
# tests an on-premises deployment (PostgreSQL, MinIO, RSA, the built-in broker), one probe after the other.
#
#   by-hand.sh <file with variables in shell syntax>
#
# Requires psql, mc, openssl, curl and mosquitto_pub in PATH. Prints failed probes, then "<n> probes, <n> failed"; exits with 1
# if a probe failed. Removes everything that it writes.
set -u
# shellcheck source=/dev/null
set -a && . "$1" && set +a
names=$(sed 's/=.*//' "$1")

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
log=$directory/log
probes=0 failed=0

probe() {
  local name=$1
  shift
  probes=$((probes + 1))
  "$@" >"$log" 2>&1 && return
  failed=$((failed + 1))
  printf 'FAILED %s: %s\n' "$name" "$(tail -n 1 "$log")"
}

# ── configuration ──

all_set() {
  local name
  for name in SERVER_DOMAIN LICENSE_TYPE ENCRYPTION_TYPE ENCRYPTION_RSA_PRIVATE_KEY MESSAGE_QUEUE_TYPE MQTT_BROKER_TYPE \
    MQTT_BROKER_ENDPOINT DATABASE_URL OBJECT_STORAGE_TYPE OBJECT_STORAGE_MINIO_ENDPOINT \
    OBJECT_STORAGE_MINIO_ACCESS_KEY_ID OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY OBJECT_STORAGE_BUCKET_UPLOADS_URL; do
    [ -n "${!name:-}" ] || { echo "$name is not set"; return 1; }
  done
}

each_value() { # a pattern that no value may match
  local name
  for name in $names; do [[ ${!name} =~ $1 ]] && { echo "$name"; return 1; }; done
  return 0
}
known() {
  local name buckets='DELIVERIES|LARGE_QUEUE_MESSAGES|METADATA|MODULES|POLICY_INPUTS|RUN_LOGS|STATES|UPLOADS|UPLOADS_URL'
  local store="TYPE|MINIO_(ENDPOINT|USE_SSL|ACCESS_KEY_ID|SECRET_ACCESS_KEY)|BUCKET_($buckets|USER_UPLOADED_WORKSPACES|WORKSPACE)"
  local all="SERVER_DOMAIN|ENVIRONMENT|ADMIN_(USERNAME|PASSWORD)|LICENSE_(TYPE|TOKEN)|DATABASE_(READ_ONLY_)?URL|OBJECT_STORAGE_($store)"
  all+='|ENCRYPTION_(TYPE|RSA_PRIVATE_KEY)|MESSAGE_QUEUE_TYPE|MQTT_BROKER_(TYPE|ENDPOINT)'
  for name in $names; do [[ $name =~ ^($all)$ ]] || { echo "$name"; return 1; }; done
}
uses_ssl_or_not() { [[ ${OBJECT_STORAGE_MINIO_USE_SSL:-true} =~ ^(true|false)$ ]]; }
admin_is_complete() { [ -n "${ADMIN_USERNAME:-}" ] && [ -n "${ADMIN_PASSWORD:-}" ]; }
buckets_differ() {
  local name
  for name in $names; do
    [[ $name == OBJECT_STORAGE_BUCKET_*_URL || $name != OBJECT_STORAGE_BUCKET_* ]] || echo "${!name}"
  done | sort | uniq -d | { ! grep .; }
}
# The queues of SQS come with the broker of IoT Core, and those of the database with the built-in one.
queues_suit_the_broker() { [[ $MQTT_BROKER_TYPE-$MESSAGE_QUEUE_TYPE =~ ^(builtin-.*|iotcore-sqs)$ ]]; }

configuration() {
  probe 'configuration: all set' all_set
  probe 'configuration: names' known
  probe 'configuration: no stray whitespace or quotes' each_value $'^[ \t\r\n"\']|[ \t\r\n"\']$'
  probe 'configuration: no placeholders' each_value '^<.*>$|[Cc][Hh][Aa][Nn][Gg][Ee]_?-?[Mm][Ee]|example\.com'
  probe 'configuration: no references' each_value '^(arn:aws:(secretsmanager|ssm):|vault:|\$\{)'
  probe 'configuration: booleans' uses_ssl_or_not
  probe 'configuration: admin login' admin_is_complete
  probe 'configuration: distinct buckets' buckets_differ
  probe 'configuration: queues and broker' queues_suit_the_broker
}

license_lasts() {
  local claims exp
  IFS=. read -r _ claims _ <<<"$LICENSE_TOKEN"
  claims=$(printf '%s===' "$claims" | tr '_-' '/+' | base64 -di 2>/dev/null)
  exp=${claims##*\"exp\":}
  [ "${exp%%[!0-9]*}" -gt $(($(date +%s) + 30 * 86400)) ]
}

# ── database ──

sql() { psql "$DATABASE_URL" -XAtqv ON_ERROR_STOP=1 "$@"; }
holds() { [ "$(sql -c "SELECT $1")" = t ]; }

same_backend() { [ "$(sql -c 'SELECT pg_backend_pid()' -c 'SELECT pg_backend_pid()' | sort -u | wc -l)" = 1 ]; }

clock_agrees() {
  local ahead=$(($(sql -c 'SELECT extract(epoch FROM clock_timestamp())::bigint') - $(date +%s)))
  [ "${ahead#-}" -le 5 ]
}

table_works() {
  [ "$(sql <<'SQL'
BEGIN;
CREATE TABLE public.preflight_by_hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL);
ALTER TABLE public.preflight_by_hand ADD COLUMN at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON public.preflight_by_hand (at);
INSERT INTO public.preflight_by_hand (body) VALUES ('written');
SELECT body FROM public.preflight_by_hand;
DROP TABLE public.preflight_by_hand;
ROLLBACK;
SQL
)" = written ]
}

queue_works() {
  [ "$(sql <<'SQL'
BEGIN;
CREATE TABLE public.preflight_by_hand (id bigint PRIMARY KEY, body text NOT NULL);
INSERT INTO public.preflight_by_hand VALUES (1, 'first'), (2, 'second');
SELECT body FROM public.preflight_by_hand ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
DELETE FROM public.preflight_by_hand WHERE id = 1;
SELECT body FROM public.preflight_by_hand ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
ROLLBACK;
SQL
)" = $'first\nsecond' ]
}

database() {
  probe 'database: connect' sql -c 'SELECT 1'
  probe 'database: PostgreSQL' holds "version() LIKE 'PostgreSQL %'"
  probe 'database: PostgreSQL 14 to 16' holds "current_setting('server_version_num')::int BETWEEN 140000 AND 169999"
  probe 'database: writable' holds "NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
  probe 'database: CREATEROLE' holds "rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
  probe 'database: CREATE on the database' holds "has_database_privilege(current_database(), 'CREATE')"
  probe 'database: CREATE on the schema public' holds "has_schema_privilege('public', 'CREATE') AND has_schema_privilege('public', 'USAGE')"
  probe 'database: tables' table_works
  probe 'database: no tables with other owners' holds "count(*) = 0 FROM pg_tables WHERE schemaname !~ '^pg_|^information_schema$' AND NOT pg_has_role(tableowner, 'MEMBER')"
  probe 'database: no tables with the names of Spacelift’s' holds "count(*) = 0 FROM pg_tables WHERE tablename IN ('accounts', 'message_queue_messages')"
  probe 'database: encoding' holds "getdatabaseencoding() = 'UTF8'"
  probe 'database: no transaction pooler' same_backend
  probe 'database: connections' holds "current_setting('max_connections')::int - count(*) >= 20 FROM pg_stat_activity"
  probe 'database: connections of the role' holds "rolconnlimit < 0 OR rolconnlimit >= 20 FROM pg_roles WHERE rolname = current_user"
  probe 'database: connections of the database' holds "datconnlimit < 0 OR datconnlimit >= 20 FROM pg_database WHERE datname = current_database()"
  probe 'database: statement_timeout' holds "setting::bigint = 0 OR setting::bigint >= 120000 FROM pg_settings WHERE name = 'statement_timeout'"
  probe 'database: search_path' holds "has_schema_privilege(current_schema(), 'CREATE')"
  probe 'database: password expiry' holds "coalesce(rolvaliduntil > now() + interval '30 days', true) FROM pg_roles WHERE rolname = current_user"
  probe 'database: clock' clock_agrees
  probe 'message queue' queue_works
}

# ── object storage ──

store=http://$OBJECT_STORAGE_MINIO_ENDPOINT
[ "${OBJECT_STORAGE_MINIO_USE_SSL:-true}" = true ] && store=https://$OBJECT_STORAGE_MINIO_ENDPOINT
export MC_HOST_spacelift="${store%%//*}//$OBJECT_STORAGE_MINIO_ACCESS_KEY_ID:$OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY@$OBJECT_STORAGE_MINIO_ENDPOINT"
export MC_CONFIG_DIR=$directory/mc
prefix=preflight-by-hand/$$
printf 'written by hand\n' >"$directory/body"

ours() { cmp -s - "$directory/body"; }
put() { mc --quiet pipe "$1" <"$directory/body"; }
get() { mc --quiet cat "$1" | ours; }
list() { [[ $(mc --quiet ls "$1") == *first* ]]; }
versioned() { [[ $(mc --quiet version info "$1") == *'is enabled' ]]; }
expires() { [[ $(mc --quiet ilm rule ls "$1") == *'Expiration for latest version'* ]]; }
stays() { ! expires "$1" && [[ $(mc --quiet ilm rule ls "$1" 2>&1) == *'does not exist'* ]]; }
removable() { [[ $(mc --quiet retention info --default "$1" 2>&1) == *'does not support locking'* ]]; }
# shellcheck disable=SC2016 # printed by mc
private() { [[ $(mc --quiet anonymous get "$1") == *'is `private`'* ]]; }
nobody_reads() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$store/$1/$prefix/first")" = 403 ]; }

# Pre-signed URLs (SigV4), because mc does not sign PUT. One signing key works for all of them.
now=$(date -u +%Y%m%dT%H%M%SZ)
scope=${now%T*}/us-east-1/s3/aws4_request
hash() { local out; out=$(printf %s "$1" | openssl dgst -sha256) && echo "${out##* }"; }
hmac() { local out; out=$(printf %s "$2" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1") && echo "${out##* }"; }
signing_key=$(printf 'AWS4%s' "$OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY" | od -An -v -tx1 | tr -d ' \n')
for part in ${scope//\// }; do signing_key=$(hmac "$signing_key" "$part"); done

sign() { # method, bucket/key, and optionally a header and its value
  local headers=host values="host:$OBJECT_STORAGE_MINIO_ENDPOINT"
  [ $# = 4 ] && headers="host;$3" values+=$'\n'"$3:$4"
  local query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=$OBJECT_STORAGE_MINIO_ACCESS_KEY_ID%2F${scope//\//%2F}"
  query+="&X-Amz-Date=$now&X-Amz-Expires=900&X-Amz-SignedHeaders=${headers//;/%3B}"
  local request="$1"$'\n'"/$2"$'\n'"$query"$'\n'"$values"$'\n\n'"$headers"$'\nUNSIGNED-PAYLOAD'
  local text
  text=$'AWS4-HMAC-SHA256\n'"$now"$'\n'"$scope"$'\n'"$(hash "$request")"
  echo "$store/$2?$query&X-Amz-Signature=$(hmac "$signing_key" "$text")"
}
presigned_put() { curl -sf -T "$directory/body" "$(sign PUT "$1/$prefix/second")"; }
presigned_get() { curl -sf "$(sign GET "$1/$prefix/second")" | ours; }

bucket() {
  local at=spacelift/$2
  probe "$1: what is written can be removed" removable "$at"
  probe "$1: write" put "$at/$prefix/first"
  probe "$1: read" get "$at/$prefix/first"
  probe "$1: list" list "$at/$prefix/"
  probe "$1: no anonymous read access" nobody_reads "$2"
  probe "$1: delete" mc --quiet rm "$at/$prefix/first"
  probe "$1: pre-signed PUT" presigned_put "$2"
  probe "$1: pre-signed GET" presigned_get "$2"
  case $1 in RUN_LOGS | STATES | UPLOADS | USER_UPLOADED_WORKSPACES | WORKSPACE | MODULES)
    probe "$1: versioning" versioned "$at"
  esac
  case $1 in
    STATES | MODULES) probe "$1: objects do not expire" stays "$at" ;;
    *) probe "$1: objects expire" expires "$at" ;;
  esac
  probe "$1: private" private "$at"
}

may_upload() {
  local answer
  answer=$(curl -sf -o /dev/null -D - -X OPTIONS -H "Origin: https://$SERVER_DOMAIN" -H "Access-Control-Request-Method: $1" \
    "$store/$OBJECT_STORAGE_BUCKET_UPLOADS/$prefix/first") && grep -qi '^access-control-allow-origin: ' <<<"$answer"
}
large_upload() {
  local key=$OBJECT_STORAGE_BUCKET_UPLOADS/$prefix/large
  head -c 2097152 /dev/zero >"$directory/large"
  curl -sf -T "$directory/large" -H 'x-amz-meta-by_hand: yes' "$(sign PUT "$key" x-amz-meta-by_hand yes)" &&
    [[ $(curl -sfI "$(sign HEAD "$key")") == *x-amz-meta-by_hand:\ yes* ]]
}
uploads_are_encrypted() { [[ $store =~ ^https:|^http://(127\.[0-9.]+|localhost|\[::1\]): ]]; }
uploads_url_is_right() { [ "$OBJECT_STORAGE_BUCKET_UPLOADS_URL" = "$store" ]; }

object_storage() {
  local name
  for name in DELIVERIES LARGE_QUEUE_MESSAGES METADATA MODULES POLICY_INPUTS RUN_LOGS STATES UPLOADS \
    USER_UPLOADED_WORKSPACES WORKSPACE; do
    local variable=OBJECT_STORAGE_BUCKET_$name
    bucket "$name" "${!variable}"
  done
  probe 'uploads: CORS for PUT' may_upload PUT
  probe 'uploads: CORS for POST' may_upload POST
  probe 'uploads: 2 MiB, and a header with an underscore' large_upload
  probe 'uploads: URL' uploads_url_is_right
  probe 'uploads: no mixed content' uploads_are_encrypted
  for name in DELIVERIES LARGE_QUEUE_MESSAGES METADATA MODULES POLICY_INPUTS RUN_LOGS STATES UPLOADS \
    USER_UPLOADED_WORKSPACES WORKSPACE; do
    local variable=OBJECT_STORAGE_BUCKET_$name
    mc --quiet rm --recursive --force --versions "spacelift/${!variable}/$prefix/" >"$log" 2>&1 || tail -n 1 "$log"
  done
}

# ── encryption, broker, network ──

key_is_4096() { [[ $(openssl pkey -in "$directory/key.pem" -noout -text_pub) == *'(4096 bit'* ]]; }
encrypts() {
  local options=(-aes-256-ctr -K "$(openssl rand -hex 32)" -iv "$(openssl rand -hex 16)")
  openssl enc -e "${options[@]}" -in "$directory/body" | openssl enc -d "${options[@]}" | ours
}
wraps_a_key() {
  local oaep=(-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256)
  openssl rand -out "$directory/aes" 32 &&
    openssl pkeyutl -encrypt -inkey "$directory/key.pem" "${oaep[@]}" -in "$directory/aes" -out "$directory/wrapped" &&
    openssl pkeyutl -decrypt -inkey "$directory/key.pem" "${oaep[@]}" -in "$directory/wrapped" | cmp - "$directory/aes"
}
signs() {
  openssl pkey -in "$directory/key.pem" -pubout -out "$directory/public.pem" &&
    openssl dgst -sha256 -sign "$directory/key.pem" -out "$directory/signature" "$directory/body" &&
    openssl dgst -sha256 -verify "$directory/public.pem" -signature "$directory/signature" "$directory/body"
}
encryption() {
  (umask 077 && base64 -d <<<"$ENCRYPTION_RSA_PRIVATE_KEY" >"$directory/key.pem")
  probe 'encryption: consistent key' openssl pkey -in "$directory/key.pem" -check -noout
  probe 'encryption: RSA 4096' key_is_4096
  probe 'encryption: wraps a key' wraps_a_key
  probe 'encryption: encrypts and decrypts' encrypts
  probe 'encryption: signs' signs
}
# Before the installation, nothing listens there.
healthy_or_absent() {
  local code=0
  curl -sf -o /dev/null "https://$SERVER_DOMAIN/health" || code=$?
  [ "$code" = 0 ] || [ "$code" = 7 ]
}
broker() { mosquitto_pub -h "${1%:*}" -p "${1##*:}" -q 1 -t preflight-by-hand -n; }

configuration
probe 'license' license_lasts
database
object_storage
encryption
probe 'MQTT broker' broker "${MQTT_BROKER_ENDPOINT#*://}"
probe 'network: the domain resolves' getent hosts "$SERVER_DOMAIN"
probe 'network: a server there is healthy' healthy_or_absent

printf '%d probes, %d failed\n' "$probes" "$failed"
[ "$failed" -eq 0 ]
