#!/usr/bin/env bash
# Checks the dependencies of one Spacelift service in a task of Amazon ECS, with the service's roles, secrets and network. Prints the
# report, and exits with the exit code of the checks: 0 if the service is ready, 1 if not, 2 if they could not start.
#
#   ./ecs-run-task.sh <cluster> <subnet,…> <security-group,…> [task-definition.json]
#
# ecs-task-definition.json is for the drain. Copy the roles, environment, secrets and platform from the service's own task definition
# (aws ecs describe-task-definition), keep the image, the command and the log, and do the same for the server and the scheduler.
#
# "spacelift-preflight run ecs" does all of this for all services at once, and prints one matrix.
#
# The script needs ecs:RegisterTaskDefinition, ecs:RunTask, ecs:DescribeTasks, ecs:StopTask, ecs:DeregisterTaskDefinition,
# logs:GetLogEvents, and iam:PassRole for both roles.
set -euo pipefail

if [ $# -lt 3 ]; then
  echo "usage: $0 <cluster> <subnet,…> <security-group,…> [task-definition.json]" >&2
  exit 2
fi
cluster=$1 subnets=$2 groups=$3
definition=${4:-$(dirname "$0")/ecs-task-definition.json}

revision='' task='' status=''

# Whatever happens, no task and no active task definition are left.
clean_up() {
  if [ -n "$task" ] && [ -z "$status" ]; then
    aws ecs stop-task --cluster "$cluster" --task "$task" --reason 'the preflight was interrupted' >/dev/null || true
  fi
  if [ -n "$revision" ]; then
    aws ecs deregister-task-definition --task-definition "$revision" >/dev/null || true
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

registered=$(aws ecs register-task-definition --cli-input-json "file://$definition" --output text --query \
  'taskDefinition.[taskDefinitionArn, containerDefinitions[0].[name, logConfiguration.options."awslogs-group", logConfiguration.options."awslogs-stream-prefix"]][]')
read -r revision container log_group log_prefix <<<"$registered"

started=$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$revision" \
  --network-configuration "awsvpcConfiguration={subnets=[$subnets],securityGroups=[$groups],assignPublicIp=DISABLED}" \
  --output text --query '[tasks[0].taskArn, failures[0].reason]')
read -r task reason <<<"$started"
if [ "$task" = None ]; then
  task=''
  echo "the task was not started: $reason" >&2
  exit 2
fi

# At most 10 minutes.
aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
ended=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --output text --query \
  "tasks[0].[containers[?name=='$container'] | [0].exitCode, stoppedReason]")
read -r status reason <<<"$ended"

aws logs get-log-events --log-group-name "$log_group" --log-stream-name "$log_prefix/$container/${task##*/}" --start-from-head \
  --output text --query 'events[].[message]' || echo "there is no log of the task" >&2

if [ "$status" = None ]; then
  echo "the checks did not run to their end: $reason" >&2
  exit 1
fi
exit "$status"
