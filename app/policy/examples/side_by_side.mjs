// The other half of side_by_side.rs: reads lines of `trilock evaluate` from standard input, asks iam-simulate each, and prints
// its decisions and the nanoseconds of the fastest round as JSON.
// Arguments: the folder npm installed it into, and the number of rounds; the first is not counted.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const [folder, rounds] = process.argv.slice(2);
const entry = createRequire(join(folder, 'package.json')).resolve('@cloud-copilot/iam-simulate');
const { anonymousPrincipal, runSimulation } = await import(pathToFileURL(entry));

const named = (policies) => (policies ?? []).map((policy, index) => ({ name: `p${index}`, policy }));
const levels = (list) => (list ?? []).map((policies, index) => ({ orgIdentifier: `ou-${index}`, policies: named(policies) }));

/** What has no counterpart there. */
function missing(line) {
  if (line.grants.length > 0) return 'KMS grants';
  if (line.session_policies.length > 1) return 'several session policies';
  if (line.principal.Federated !== undefined) return 'federated callers';
  return undefined;
}

function simulation(line) {
  const account = line.resource_account ?? /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(line.resource)?.[1] ?? '111122223333';
  return {
    request: {
      principal: line.principal === 'anonymous' ? anonymousPrincipal : (line.principal.Service ?? line.principal),
      action: line.action,
      resource: { resource: line.resource, accountId: account },
      contextVariables: line.context,
    },
    identityPolicies: named(line.identity_policies),
    serviceControlPolicies: levels(line.scps),
    resourceControlPolicies: levels(line.rcps),
    resourcePolicy: line.resource_policy ?? undefined,
    permissionBoundaryPolicies: line.boundaries.length > 0 ? named(line.boundaries) : undefined,
    sessionPolicy: line.session_policies[0],
    vpcEndpointPolicies: line.endpoint_policies.length > 0 ? named(line.endpoint_policies) : undefined,
    additionalSettings: { s3: { blockPublicAccess: line.block_public_access } },
  };
}

async function ask(text) {
  const line = JSON.parse(text);
  const reason = missing(line);
  if (reason !== undefined) return reason;
  const result = await runSimulation(simulation(line), {});
  return result.resultType === 'error' ? 'refused as invalid' : result.overallResult;
}

const decisions = [];
const nanoseconds = [];
for (const line of (await text(process.stdin)).split('\n')) {
  let decision;
  let fastest = Infinity;
  for (let round = 0; round < Number(rounds); round += 1) {
    const started = process.hrtime.bigint();
    decision = await ask(line).catch(() => 'it throws');
    if (round > 0) fastest = Math.min(fastest, Number(process.hrtime.bigint() - started));
  }
  decisions.push(decision);
  nanoseconds.push(fastest);
}
process.stdout.write(JSON.stringify({ decisions, nanoseconds }));
