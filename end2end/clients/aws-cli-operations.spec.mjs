// Every operation there is, typed with the AWS CLI.

import { join } from "node:path";
import { pythonTests } from "../support/python.mjs";

pythonTests("every operation with the AWS CLI", join(import.meta.dirname, "aws-cli", "operations.py"));
