// An account of the embedded AWS for clients of S3 that know no other service: what else they need is made here.

import { awsJson } from "./aws.mjs";
import { ACCOUNTS } from "./python.mjs";

/** The keys of an account's root user. */
export function rootOf(account) {
  const [accountId, accessKeyId, secretAccessKey] = account.split(":");
  return { accountId, accessKeyId, secretAccessKey };
}

/** The first account's root user, and what it makes: `key()` gives a KMS key's ARN, `user(name, policy)` its keys. */
export function account(endpoint) {
  const root = rootOf(ACCOUNTS[0]);
  const json = (...words) => awsJson(words, { endpoint, credentials: root });
  return {
    root,
    json,
    key: async () => (await json("kms", "create-key")).KeyMetadata.Arn,
    user: async (name, policy) => {
      await json("iam", "create-user", "--user-name", name);
      const words = ["--policy-name", name, "--policy-document", JSON.stringify(policy)];
      if (policy) await json("iam", "put-user-policy", "--user-name", name, ...words);
      const { AccessKey } = await json("iam", "create-access-key", "--user-name", name);
      return { ...root, accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
    },
  };
}
