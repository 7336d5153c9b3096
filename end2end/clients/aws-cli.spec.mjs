// The tutorial from an empty account to restored access, typed with the real AWS CLI against the embedded AWS alone.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { aws, awsJson } from "../support/aws.mjs";
import { startSandbox, temporaryFolder } from "../support/trilock.mjs";

const ACCOUNT = "111122223333";
const BUCKET = "secure-demo-bucket-cli";
const ROOT = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const ROLES = {
  "secure-bucket-admin": "secure-bucket-admin",
  "secure-key-admin": "secure-key-admin",
  "authorized-users": "secure-bucket-access",
};

const listings = join(import.meta.dirname, "../../server/src/tutorial/listings");
const listing = (name, keyArn = "") =>
  readFileSync(join(listings, `${name}.json`), "utf8")
    .replaceAll("{{bucket}}", BUCKET)
    .replaceAll("{{account}}", ACCOUNT)
    .replaceAll("{{key-arn}}", keyArn);

const trust = (principal) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
  });

/** The key policy of the AWS console's wizard, with or without its key user. */
function keyPolicy(withUser) {
  const role = (name) => ({ AWS: `arn:aws:iam::${ACCOUNT}:role/${name}` });
  const allow = (Sid, Principal, ...actions) => ({
    Sid,
    Effect: "Allow",
    Principal,
    Action: actions.map((action) => `kms:${action}`),
    Resource: "*",
  });
  const Statement = [
    allow("Enable IAM User Permissions", { AWS: `arn:aws:iam::${ACCOUNT}:root` }, "*"),
    allow("Allow access for Key Administrators", role("secure-key-admin"), "Create*", "Describe*", "Get*", "List*", "Put*"),
  ];
  if (withUser) {
    const user = role("authorized-users");
    Statement.push(allow("Allow use of the key", user, "Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "DescribeKey"));
  }
  return JSON.stringify({ Version: "2012-10-17", Id: "key-consolepolicy-3", Statement });
}

describe("the tutorial with the AWS CLI", { concurrency: 1 }, () => {
  let sandbox, folder;
  const people = {};
  let keyArn, instanceId;

  const as = (who, words) => aws(words, { endpoint: sandbox.awsUrl, credentials: people[who] }, { cwd: folder });
  const json = (who, words) => awsJson(words, { endpoint: sandbox.awsUrl, credentials: people[who] }, { cwd: folder });
  /** On the instance the CLI finds its credentials itself, in the instance's metadata service. */
  const onInstance = (words) =>
    aws(words, { endpoint: sandbox.awsUrl, imds: `${sandbox.awsUrl}/imds/${instanceId}` }, { cwd: folder });
  const encrypted = () => ["--sse", "aws:kms", "--sse-kms-key-id", keyArn];
  const caller = () => `arn:aws:sts::${ACCOUNT}:assumed-role/authorized-users/${instanceId}`;

  before(async () => {
    folder = temporaryFolder();
    writeFileSync(join(folder, "paper.pdf"), "%PDF-1.4 a paper to keep safe\n");
    sandbox = await startSandbox({ accounts: [`${ACCOUNT}:${ROOT.accessKeyId}:${ROOT.secretAccessKey}`] });
    people.root = ROOT;
  });
  after(() => sandbox?.stop());

  const assume = async (role) => {
    const words = ["sts", "assume-role", "--role-arn", `arn:aws:iam::${ACCOUNT}:role/${role}`, "--role-session-name", "walk"];
    const { Credentials } = await json("admin", words);
    people[role] = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
  };

  test("the account's root user makes an administrator", async () => {
    await json("root", ["iam", "create-user", "--user-name", "Admin"]);
    const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    await json("root", ["iam", "attach-user-policy", "--user-name", "Admin", "--policy-arn", administrator]);
    const { AccessKey } = await json("root", ["iam", "create-access-key", "--user-name", "Admin"]);
    people.admin = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
    const { Arn } = await json("admin", ["sts", "get-caller-identity"]);
    assert.equal(Arn, `arn:aws:iam::${ACCOUNT}:user/Admin`);
  });

  test("steps 1 and 2: policies, roles, instance profile", async () => {
    const policies = {
      "secure-bucket-admin": "bucket-admin.corrected",
      "secure-key-admin": "key-admin.corrected",
      "secure-bucket-access": "bucket-access.corrected",
    };
    for (const [name, file] of Object.entries(policies)) {
      const made = await json("admin", ["iam", "create-policy", "--policy-name", name, "--policy-document", listing(file)]);
      assert.equal(made.Policy.Arn, `arn:aws:iam::${ACCOUNT}:policy/${name}`);
    }
    for (const [role, policy] of Object.entries(ROLES)) {
      const principal =
        role === "authorized-users" ? { Service: "ec2.amazonaws.com" } : { AWS: `arn:aws:iam::${ACCOUNT}:root` };
      const words = ["iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust(principal)];
      assert.equal((await json("admin", words)).Role.Arn, `arn:aws:iam::${ACCOUNT}:role/${role}`);
      const policyArn = `arn:aws:iam::${ACCOUNT}:policy/${policy}`;
      await json("admin", ["iam", "attach-role-policy", "--role-name", role, "--policy-arn", policyArn]);
    }
    const profile = ["--instance-profile-name", "authorized-users"];
    await json("admin", ["iam", "create-instance-profile", ...profile]);
    await json("admin", ["iam", "add-role-to-instance-profile", ...profile, "--role-name", "authorized-users"]);
    const again = await as("admin", ["iam", "create-policy", "--policy-name", "secure-key-admin", "--policy-document", listing("key-admin.corrected")]);
    assert.match(again.stderr, /EntityAlreadyExists.*A policy called secure-key-admin already exists\. Duplicate names are not allowed\./);
  });

  test("Admin takes on the two administrators' roles, but not the instance's", async () => {
    await assume("secure-bucket-admin");
    await assume("secure-key-admin");
    const refused = await as("admin", ["sts", "assume-role", "--role-arn", `arn:aws:iam::${ACCOUNT}:role/authorized-users`, "--role-session-name", "walk"]);
    assert.notEqual(refused.status, 0);
    assert.match(
      refused.stderr,
      /An error occurred \(AccessDenied\) when calling the AssumeRole operation: User: arn:aws:iam::111122223333:user\/Admin is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role\/authorized-users/,
    );
  });

  test("steps 3 to 5: bucket, key, bucket policy", async () => {
    const wrongRole = await as("secure-key-admin", ["s3api", "create-bucket", "--bucket", BUCKET]);
    assert.match(wrongRole.stderr, /\(AccessDenied\).*s3:CreateBucket.*because no identity-based policy allows the s3:CreateBucket action/);
    await json("secure-bucket-admin", ["s3api", "create-bucket", "--bucket", BUCKET]);
    const wrongTeam = await as("secure-bucket-admin", ["kms", "create-key", "--policy", keyPolicy(true)]);
    assert.match(wrongTeam.stderr, /\(AccessDeniedException\).*kms:CreateKey on resource: \* because no identity-based policy allows the kms:CreateKey action/);
    const { KeyMetadata } = await json("secure-key-admin", ["kms", "create-key", "--policy", keyPolicy(true)]);
    keyArn = KeyMetadata.Arn;
    assert.match(keyArn, new RegExp(`^arn:aws:kms:us-east-1:${ACCOUNT}:key/[0-9a-f-]{36}$`));
    await json("secure-key-admin", ["kms", "create-alias", "--alias-name", "alias/secure-demo", "--target-key-id", keyArn]);
    const policy = listing("bucket-policy", keyArn);
    await json("secure-bucket-admin", ["s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", policy]);
    const stored = await json("secure-bucket-admin", ["s3api", "get-bucket-policy", "--bucket", BUCKET]);
    assert.deepEqual(JSON.parse(stored.Policy), JSON.parse(policy));
  });

  test("step 7: the instance, whose credentials the CLI finds in its metadata service", async () => {
    const profile = ["--iam-instance-profile", "Name=authorized-users"];
    const launch = ["ec2", "run-instances", "--image-id", "ami-0abcdef1234567890", "--instance-type", "t2.micro"];
    const { Instances } = await json("admin", [...launch, ...profile]);
    instanceId = Instances[0].InstanceId;
    const identity = await onInstance(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]);
    assert.equal(identity.stderr, "");
    assert.equal(identity.stdout.trim(), caller());
  });

  test("test 1: an encrypted upload is taken, and the answer names the key", async () => {
    const { status, stdout, stderr } = await onInstance(["s3", "cp", "paper.pdf", `s3://${BUCKET}/`, ...encrypted(), "--no-progress"]);
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert.equal(stdout.trim(), `upload: ./paper.pdf to s3://${BUCKET}/paper.pdf`);
    const head = await onInstance(["s3api", "head-object", "--bucket", BUCKET, "--key", "paper.pdf"]);
    assert.equal(JSON.parse(head.stdout).SSEKMSKeyId, keyArn);
  });

  test("test 2: an unencrypted upload is refused by the bucket policy", async () => {
    const { status, stderr } = await onInstance(["s3", "cp", "paper.pdf", `s3://${BUCKET}/test2.pdf`, "--no-progress"]);
    assert.equal(status, 1);
    assert.equal(
      stderr.trim(),
      `upload failed: ./paper.pdf to s3://${BUCKET}/test2.pdf An error occurred (AccessDenied) when calling the PutObject ` +
        `operation: User: ${caller()} is not authorized to perform: s3:PutObject on resource: ` +
        `"arn:aws:s3:::${BUCKET}/test2.pdf" with an explicit deny in a resource-based policy`,
    );
  });

  test("test 3: the download gives the file back, byte for byte", async () => {
    const { status, stderr } = await onInstance(["s3", "cp", `s3://${BUCKET}/paper.pdf`, "test3.pdf", "--no-progress"]);
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert.deepEqual(readFileSync(join(folder, "test3.pdf")), readFileSync(join(folder, "paper.pdf")));
  });

  test("test 4: without the key user, upload and download fail at KMS, and AWS blames the identity policy", async () => {
    const words = ["kms", "put-key-policy", "--key-id", keyArn, "--policy-name", "default", "--policy"];
    await json("secure-key-admin", [...words, keyPolicy(false)]);
    const denied = (action) =>
      `User: ${caller()} is not authorized to perform: ${action} on resource: ${keyArn} because no identity-based policy allows the ${action} action`;
    const upload = await onInstance(["s3", "cp", "paper.pdf", `s3://${BUCKET}/test4.pdf`, ...encrypted(), "--no-progress"]);
    assert.equal(upload.status, 1);
    assert.ok(upload.stderr.includes(`(AccessDenied) when calling the PutObject operation: ${denied("kms:GenerateDataKey")}`), upload.stderr);
    const download = await onInstance(["s3", "cp", `s3://${BUCKET}/paper.pdf`, "test4.pdf", "--no-progress"]);
    assert.equal(download.status, 1);
    assert.ok(download.stderr.includes(`(AccessDenied) when calling the GetObject operation: ${denied("kms:Decrypt")}`), download.stderr);
    const list = await onInstance(["s3", "ls", `s3://${BUCKET}/`]);
    assert.match(list.stdout, /paper\.pdf/, "listing asks KMS nothing");

    await json("secure-key-admin", [...words, keyPolicy(true)]);
    const restored = await onInstance(["s3", "cp", "paper.pdf", `s3://${BUCKET}/test4.pdf`, ...encrypted(), "--no-progress"]);
    assert.equal(restored.status, 0, restored.stderr);
    const back = await onInstance(["s3", "cp", `s3://${BUCKET}/test4.pdf`, "test4.pdf", "--no-progress"]);
    assert.equal(back.status, 0, back.stderr);
  });

  test("wrong credentials are refused in AWS's words", async () => {
    people.forger = { ...people["secure-key-admin"], secretAccessKey: "not-the-secret" };
    const forged = await as("forger", ["kms", "list-keys"]);
    assert.match(forged.stderr, /InvalidSignatureException/);
    people.stranger = { accessKeyId: "AKIANOSUCHKEYATALLXX", secretAccessKey: "x" };
    const stranger = await as("stranger", ["s3api", "list-buckets"]);
    assert.match(stranger.stderr, /InvalidAccessKeyId.*The AWS Access Key Id you provided does not exist in our records\./);
    people.moved = { ...people["secure-key-admin"], sessionToken: people["secure-bucket-admin"].sessionToken };
    const moved = await as("moved", ["sts", "get-caller-identity"]);
    assert.match(moved.stderr, /InvalidClientTokenId/);
  });

  test("an operation that is not there says so and does nothing", async () => {
    const { status, stderr } = await as("secure-bucket-admin", ["s3api", "list-bucket-metrics-configurations", "--bucket", BUCKET]);
    assert.notEqual(status, 0);
    assert.match(stderr, /NotImplemented/);
  });

  test("a service that is not there says so in the protocol of its client", async () => {
    for (const [service, operation] of [["dynamodb", "list-tables"], ["sns", "list-topics"], ["lambda", "list-functions"]]) {
      const { status, stderr } = await as("secure-bucket-admin", [service, operation]);
      assert.notEqual(status, 0);
      assert.match(stderr, new RegExp(`NotImplemented.*The service ${service} is not implemented; s3, kms, .* are\\.`));
    }
  });
});
