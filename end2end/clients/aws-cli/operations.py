"""Every operation that the embedded AWS has and the AWS CLI has a command for, typed once.

The CLI runs inside this process, by the function that its `aws` command calls: 150 processes would take minutes.
"""

import base64
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from awscli.clidriver import create_clidriver
from botocore import xform_name

import everything
from documented import operations
from lab import Account

# The CLI's names of services that have another.
COMMANDS = {"s3": "s3api"}


class Cli:
    """A client for `everything`, for whoever has these credentials."""

    # What succeeded, as (service, operation).
    succeeded = set()

    def __init__(self, credentials, folder):
        self.folder = folder
        # One for all commands: most of what `aws` takes its time for is reading its models.
        self.driver = create_clidriver()
        self.driver.session.set_credentials(
            credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken")
        )

    def by(self, credentials):
        return Cli(credentials, self.folder)

    def run(self, words):
        """Types `aws` and these words; gives the exit status, and what is printed to standard output and error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = self.driver.main(words)
            except SystemExit as stop:
                status = stop.code
        return status, out.getvalue(), err.getvalue()

    def call(self, service, operation, **parameters):
        words, outfile = self.words(service, operation, parameters)
        status, out, err = self.run(words)
        if status != 0:
            raise AssertionError(f"aws {' '.join(words)} ended with {status}\n{err}")
        self.succeeded.add((service, operation))
        answer = json.loads(out) if out.strip() else {}
        if outfile:
            answer["Body"] = outfile.read_bytes()
        shape = self.driver.session.get_service_model(service).operation_model(operation).output_shape
        for name, member in shape.members.items() if shape else ():
            if member.type_name == "blob" and isinstance(answer.get(name), str):
                answer[name] = base64.b64decode(answer[name])
        return answer

    def refused(self, service, operation, **parameters):
        words, _ = self.words(service, operation, parameters)
        status, _, err = self.run(words)
        assert status == 255 or status == 254, (status, err)
        return err.strip().split(" operation: ", 1)[1]

    def words(self, service, operation, parameters):
        """What to type for a call, and the file that an object's bytes go to."""
        words = [COMMANDS.get(service, service), xform_name(operation, "-")]
        if operation == "RunInstances":
            # The CLI has one option for two.
            parameters = dict(parameters, Count=parameters.pop("MinCount"))
            del parameters["MaxCount"]
        for name, value in parameters.items():
            words += self.option(name, value)
        outfile = None
        if operation == "GetObject":
            outfile = self.file(b"")
            words.append(str(outfile))
        return [*words, "--output", "json"], outfile

    def option(self, name, value):
        option = f"--{xform_name(name, '-')}"
        if isinstance(value, bool):
            return [option if value else option.replace("--", "--no-", 1)]
        if name == "Body":
            return [option, str(self.file(value))]
        if isinstance(value, bytes):
            return [option, f"fileb://{self.file(value)}"]
        return [option, json.dumps(value) if isinstance(value, (dict, list)) else str(value)]

    def file(self, data):
        handle, path = tempfile.mkstemp(dir=self.folder)
        with open(handle, "wb") as file:
            file.write(data)
        return pathlib.Path(path)


class EveryOperation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.account = Account()
        cls.account.admin()
        key = cls.account.root.iam.create_access_key(UserName="Admin")["AccessKey"]
        cls.cli = Cli(key, temporary.name)

    def test_of_iam(self):
        everything.call_all("iam", self.cli, self.account.id)

    def test_of_sts(self):
        everything.call_all("sts", self.cli, self.account.id)

    def test_of_ec2(self):
        everything.call_all("ec2", self.cli, self.account.id)

    def test_of_kms(self):
        everything.call_all("kms", self.cli, self.account.id)

    def test_of_s3(self):
        everything.call_all("s3", self.cli, self.account.id)

    def test_none_was_left_out(self):
        self.assertEqual([], [operation for operation in operations() if operation not in Cli.succeeded])
