// Which operations of S3 a client called, told by its requests, and the list of them in the README.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const README = join(import.meta.dirname, "..", "README.md");

/** What a subresource is called in the names of its operations. */
const SUBRESOURCES = {
  acl: "Acl",
  cors: "Cors",
  lifecycle: "LifecycleConfiguration",
  location: "Location",
  policy: "Policy",
  requestPayment: "RequestPayment",
  versioning: "Versioning",
};
const BUCKET = { GET: "ListObjects", HEAD: "HeadBucket", PUT: "CreateBucket", DELETE: "DeleteBucket" };
const OBJECT = { GET: "GetObject", HEAD: "HeadObject", PUT: "PutObject", DELETE: "DeleteObject" };
const UPLOAD = { GET: "ListParts", PUT: "UploadPart", POST: "CompleteMultipartUpload", DELETE: "AbortMultipartUpload" };

/** The operation that a request in path style calls; `copies` is whether it names a source. */
export function operationOf(method, target, copies = false) {
  const { pathname, searchParams } = new URL(target, "http://s3");
  const [, bucket, ...key] = pathname.split("/");
  const has = (name) => searchParams.has(name);
  if (bucket === "") return "ListBuckets";
  const ofObject = key.join("/") !== "";
  const subresource = Object.keys(SUBRESOURCES).find(has);
  if (subresource) {
    const verb = { GET: "Get", PUT: "Put", DELETE: "Delete" }[method];
    return `${verb}${ofObject ? "Object" : "Bucket"}${SUBRESOURCES[subresource]}`;
  }
  if (ofObject) {
    if (has("uploadId")) return UPLOAD[method] + (copies ? "Copy" : "");
    if (has("uploads")) return "CreateMultipartUpload";
    return copies ? "CopyObject" : OBJECT[method];
  }
  if (has("delete")) return "DeleteObjects";
  if (has("uploads")) return "ListMultipartUploads";
  if (has("versions")) return "ListObjectVersions";
  return has("list-type") ? "ListObjectsV2" : BUCKET[method];
}

/** Asserts that the README lists these operations for the client; with `UPDATE_GOLDEN=1` it writes them there. */
export function assertListed(client, operations) {
  const line = `| \`${client}\` | ${[...new Set(operations)].sort().join(", ")} |`;
  const text = readFileSync(README, "utf8");
  const listed = text.split("\n").find((known) => known.startsWith(`| \`${client}\` |`));
  if (process.env.UPDATE_GOLDEN && listed) return writeFileSync(README, text.replace(listed, line));
  assert.equal(listed, line, "run this spec with UPDATE_GOLDEN=1 to write what it calls into the README");
}
