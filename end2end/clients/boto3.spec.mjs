// boto3 against the embedded AWS. Whatever it is answered is held against AWS's own model of the answer.

import { join } from "node:path";
import { pythonTests } from "../support/python.mjs";

const file = (name) => join(import.meta.dirname, "boto3", name);

pythonTests("the tutorial with boto3", file("tutorial.py"));
pythonTests("every operation with boto3", file("operations.py"));
// Page by page, with nothing tried again: more than two LookupEvents a second.
pythonTests("listings page by page, and waiters", file("listings.py"), {}, ["--cloudtrail-rate", "none"]);
pythonTests("transfers, checksums and presigned URLs", file("transfer.py"));
pythonTests("errors, as each service words them", file("errors.py"));
