/** Inputs without a config, with the command that prints one. */
import { expect, it } from 'vitest';
import { base64, refusal } from './helpers.ts';

it.each([
  [
    'aws_region    = "eu-west-1"\nserver_domain = "a.b"\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    'aws_region="eu-west-1"\nserver_domain="a.b"\nazs = ["a"]\nnodes = -1\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    'database_url = "x"\nuser_data = <<EOT\na=b\nEOT\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '# x\nexport TF_VAR_region=x\nexport TF_VAR_database_url=y\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    'database_url="postgres://a:b@c/d"\nserver_domain="a.b"\n',
    'contains no Spacelift variable, because names are in capitals: DATABASE_URL, not database_url (line 1); SERVER_DOMAIN, not server_domain (line 2)',
  ],
  [
    'database_url=postgres://a:b@c/d\n\nlicense_type="jwt"\nmqttBrokerType=builtin\nserver-domain=a.b\nencryption_type=rsa\n',
    'contains no Spacelift variable, because names are in capitals: DATABASE_URL, not database_url (line 1); LICENSE_TYPE, not license_type (line 3); MQTT_BROKER_TYPE, not mqttBrokerType (line 4); …',
  ],
  [
    '{"databaseUrl": "x", "serverDomain": "y"}',
    'contains no Spacelift variable, because names are in capitals: DATABASE_URL, not databaseUrl; SERVER_DOMAIN, not serverDomain',
  ],
  [
    'kind: Secret\nmetadata: {name: db}\nstringData: {database-url: x, licenseToken: y, url: z}\n',
    'contains no Spacelift variable, but keys such as database-url, licenseToken: pass it in one file with the workloads that set variables from them: kubectl get deployments,secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"aws_region":"eu-west-1","server_domain":"a.b"}',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '# x\nmodule "spacelift" {\n  source = "x"\n}\n',
    'Terraform code, which has no values yet; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  [
    '\nexport AWS_REGION=eu-west-1\nexport SERVER_DOMAIN=a.b\nexport K8S_NAMESPACE=x\n',
    'the output shell, which describes infrastructure only; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    'database_url = <sensitive>\nvpc_id = "vpc-1"\n',
    'the outputs of Terraform without sensitive values; pass the config: tofu output -json | spacelift-preflight -f -',
  ],
  [
    '{"@level":"info","@message":"x"}\n',
    'the log of tofu plan -json; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  ['age-encryption.org/v1\n-> X25519 x\n', 'encrypted with age; pass the config: age -d x | spacelift-preflight -f -'],
  [
    'shared:\n  secretRef: spacelift-shared\n',
    'Helm values that name Secrets; pass the config: kubectl get secrets spacelift-shared spacelift-server spacelift-drain -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"serial":1,"encrypted_data":"x","encryption_version":"v0"}',
    'a state that OpenTofu encrypted; pass the config: tofu show -json | spacelift-preflight -f -',
  ],
  [
    'Resources:\n  Task: {Type: AWS::ECS::TaskDefinition}\n',
    'a CloudFormation template; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    '{"ARN":"arn:x","Name":"x","VersionIdsToStages":{}}',
    'the description of a secret without its value; pass the config: aws secretsmanager get-secret-value --secret-id NAME | spacelift-preflight -f -',
  ],
  [
    'services:\n  web: {image: x}\n',
    'a Compose file, but no service of it is Spacelift’s; pass all variables: docker compose config | spacelift-preflight -f -',
  ],
  ['[Service]\nExecStart=/bin/x\n', 'a systemd unit without variables; expected Environment= lines'],
  [
    'Error from server (NotFound): secrets "x" not found\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'error: You must be logged in to the server (Unauthorized)\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'No resources found in spacelift namespace.\n',
    'a message of kubectl, which found nothing; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'NAME               TYPE     DATA   AGE\nspacelift-shared   Opaque   24     3d\n',
    'a table of kubectl, which has no values; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Name:         spacelift-shared\nNamespace:    spacelift\n\nData\n====\nDATABASE_URL:  9 bytes\n',
    'a description by kubectl, which has no values; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'NAME: spacelift\nLAST DEPLOYED: today\n',
    'the status of a Helm release; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Warning: x is deprecated\napiVersion: v1\nitems: []\n',
    'warnings of kubectl in front of its output, because of 2>&1; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Error: release: not found\n',
    'a message of a command; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'CONTAINER ID   IMAGE     COMMAND\nabc            x         y\n',
    'a table of Docker, which has no values; pass the config: docker inspect CONTAINER | spacelift-preflight -f -',
  ],
  [
    '<!DOCTYPE html>\n<html></html>',
    'an HTML page, such as a login form; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    '\nAn error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: x\n',
    'an error message of the AWS CLI; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    '╷\n│ Error: Output "x" not found\n',
    'a message of Terraform or OpenTofu; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '# module.x.aws_db_instance.a[0]: (sensitive)\n# aws_s3_bucket.x:\nresource "aws_s3_bucket" "x" {\n}\n',
    'the text of tofu show, without sensitive values; pass the config: tofu show -json | spacelift-preflight -f -',
  ],
  [
    '\nTerraform used the selected providers to generate the following execution\nplan.\n',
    'the text of a plan, without sensitive values; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  [
    '====== Data ======\nKey    Value\n',
    'a table of Vault; pass the config: vault kv get -format=json -mount=MOUNT PATH | spacelift-preflight -f -',
  ],
  [
    '{"request_id":"x","data":{"data":null,"metadata":{"version":3}}}',
    'a version of a Vault secret that was deleted; pass the config: vault kv get -format=json -mount=MOUNT PATH | spacelift-preflight -f -',
  ],
  ['job "spacelift" {\n}\n', 'a Nomad job in HCL; pass the config: nomad job inspect NAME | spacelift-preflight -f -'],
  ['declare -x SERVER_DOMAIN="a.b"\n', 'the output of export -p; pass the config: env | spacelift-preflight -f -'],
  [
    '[spacelift]\nSERVER_DOMAIN=a.b\n',
    "an INI or TOML file with sections; pass the config: sed '/^\\[/d' x | spacelift-preflight -f -",
  ],
  [
    '{"Parameters":[{"Name":"/x/SERVER_DOMAIN","Type":"SecureString"}]}',
    'parameters without their values, or encrypted ones; pass the config: aws ssm get-parameters-by-path --path /PATH --recursive --with-decryption | spacelift-preflight -f -',
  ],
  [
    '[{"id":"https://x.vault.azure.net/secrets/a","name":"a"}]',
    'a list of Azure Key Vault without values; pass the config: az keyvault secret show --vault-name VAULT --name NAME | spacelift-preflight -f -',
  ],
  [
    '{"ARN":"arn:x","Name":"a","SecretString":"postgres://a:b@h/d"}',
    'secret a holds one value, without the name of a variable; pass it in a dotenv file: DATABASE_URL=…',
  ],
  [
    '{"name":"projects/1/secrets/a/versions/1","payload":{"data":"YQ=="}}',
    'secret a holds one value, without the name of a variable; pass it in a dotenv file: DATABASE_URL=…',
  ],
  [
    '{"username":"a","password":"b","host":"h"}',
    'the login of a database, without Spacelift’s variables; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"tasks":[],"failures":[]}',
    'a list of ECS without variables; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    'kind: HelmRelease\nmetadata: {name: spacelift, namespace: flux}\nspec: {targetNamespace: spacelift}\n',
    'HelmRelease spacelift is rendered in the cluster; pass the config: kubectl get deployments,secrets,configmaps -n spacelift -o yaml | spacelift-preflight -f -',
  ],
  [
    'kind: Application\nmetadata: {name: spacelift, namespace: argocd}\nspec: {destination: {namespace: spacelift}}\n',
    'Application spacelift is rendered in the cluster; pass the config: kubectl get deployments,secrets,configmaps -n spacelift -o yaml | spacelift-preflight -f -',
  ],
  [
    'kind: Kustomization\nresources: [x]\n',
    'a Kustomization, which names the files of a config; pass the config: kubectl kustomize DIRECTORY | spacelift-preflight -f -',
  ],
  [
    '{"kind":"Status","status":"Failure","code":404}',
    'an error of the Kubernetes API; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    '# why\naccept:\n  - id: database/version\n    reason: r\nprofiles:\n  staging:\n    skip: []\n',
    'decisions of this tool, which --config names (by default, preflight.yaml); pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"kind":"report","schemaVersion":1,"checks":[]}',
    'an output of this tool, which has no values; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  ...[
    '# x\n$env:SERVER_DOMAIN = "a.b"\n',
    'set -gx SERVER_DOMAIN "a.b"\n',
    'set SERVER_DOMAIN=a.b\r\n',
    'rem x\r\nSET "A=b"',
  ].map((text): [string, string] => [
    text,
    'commands of another shell; pass the config: run them, and then spacelift-preflight without -f',
  ]),
  [
    'TASKDEFINITION\t1024\tx\nENVIRONMENT\tSERVER_DOMAIN\ta.b\n',
    'the output of the AWS CLI as text or a table; pass the config: aws ecs describe-task-definition --task-definition NAME --output json | spacelift-preflight -f -',
  ],
  [
    '-----------------------------\n|  DescribeTaskDefinition   |\n+---------------------------+\n',
    'the output of the AWS CLI as text or a table; pass the config: aws ecs describe-task-definition --task-definition NAME --output json | spacelift-preflight -f -',
  ],
  [
    '[PATH=/bin SERVER_DOMAIN=a.b]\n',
    'the variables of a container, between which Go prints only spaces; pass the config: docker inspect CONTAINER | spacelift-preflight -f -',
  ],
  [
    'inputs = {\n  server_domain = "a.b"\n}\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  ...['SERVER_DOMAIN=a.b\n', 'kind: Secret\n'].map((text): [string, string] => [
    `${text}<<<<<<< HEAD\n  A=b\n=======\n  A=c\n>>>>>>> main\n`,
    'a merge conflict in line 2; resolve it, and remove the lines <<<<<<<, ======= and >>>>>>>',
  ]),
  [
    'PATH=/bin\0SERVER_DOMAIN=a.b\0',
    "variables with NUL bytes between them, as in /proc/PID/environ; pass lines: tr '\\0' '\\n' < FILE | spacelift-preflight -f -",
  ],
  [
    'SPACELIFT_SERVER_DOMAIN=a.b\nSPACELIFT_ENVIRONMENT=prod\nSPACELIFT_DATABASE_URL=x\n',
    'contains no Spacelift variable, because names have no prefix: SERVER_DOMAIN, not SPACELIFT_SERVER_DOMAIN (line 1); DATABASE_URL, not SPACELIFT_DATABASE_URL (line 3)',
  ],
  [
    'services: {server: {image: x, environment: [SERVER_DOMAIN: a.b, ENVIRONMENT: prod]}}\n',
    'service server: environment[0] is an object, expected SERVER_DOMAIN=value, or a map without the dashes',
  ],
  [
    'services: {server: {image: x, environment: [ENVIRONMENT=prod, SERVER_DOMAIN = a.b]}}\n',
    'service server: environment[1] has a space before =, which Compose makes a part of the name SERVER_DOMAIN',
  ],
  [
    `kind: Secret\nmetadata: {name: app}\ndata: {.env: ${base64('# x\nexport SERVER_DOMAIN=a.b\n')}}\n`,
    'contains no Spacelift variable, but Secret app holds a whole env file under one key; create it with --from-env-file instead of --from-file',
  ],
  [
    '=== spacelift Config Vars\n\nSERVER_DOMAIN: a.b\n',
    'a table of Heroku; pass the config: heroku config -s | spacelift-preflight -f -',
  ],
  ['\0GITCRYPT\0abc', 'encrypted with git-crypt, expected text; decrypt it first: git-crypt unlock'],
  [
    'plain words\n',
    'expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map; found plain text; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
])('is refused: %j', async (text, expected) => {
  expect(await refusal('x', text)).toBe(`x: ${expected}`);
});

it.each(['', '\n\n', '# a comment\n', '{}', '[]', 'null', '{}\n{}', '---\n---\n', '""', '~'])(
  'is empty: %j',
  async (text) => {
    expect(await refusal('x', text)).toBe(
      'x: empty; expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
    );
  },
);

it('two objects in one YAML document are not one', async () => {
  const object = (name: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\nstringData: {SERVER_DOMAIN: a.b}\n`;
  expect(await refusal('x', object('a') + object('b'))).toBe(
    'x: not valid YAML at line 6, column 1: two objects without --- between them',
  );
});

it('an error in one of several JSON documents has its position', async () => {
  expect(await refusal('x', '{"SERVER_DOMAIN": "a.b"}\n---\n{"ENVIRONMENT": }\n')).toBe(
    'x: not valid JSON at line 3, column 17',
  );
});
