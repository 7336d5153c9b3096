"""Every operation that the embedded AWS has, typed once with the AWS CLI, and its commands for files.

The CLI runs inside this process, by the function that its `aws` command calls: 150 processes would take minutes.
"""

import base64
import contextlib
import io
import json
import os
import pathlib
import tempfile
import unittest
import urllib.request

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
        if operation == "GetObject":
            answer["Body"] = outfile.read_bytes()
        if operation == "CreateVirtualMFADevice":
            answer["VirtualMFADevice"]["Base32StringSeed"] = outfile.read_bytes()
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

    def answered(self, service, operation):
        self.succeeded.add((service, operation))

    def words(self, service, operation, parameters):
        """What to type for a call, and the file that an object's bytes go to."""
        words = [COMMANDS.get(service, service), xform_name(operation, "-")]
        parameters = dict(parameters)
        if operation == "RunInstances":
            # The CLI has one option for two.
            parameters["Count"] = parameters.pop("MinCount")
            del parameters["MaxCount"]
        for name, value in parameters.items():
            words += self.option(name, value)
        outfile = None
        if operation == "GetObject":
            outfile = self.file(b"")
            words.append(str(outfile))
        if operation == "CreateVirtualMFADevice":
            # The seed goes to a file, and to nowhere else.
            outfile = self.file(b"")
            words += ["--outfile", str(outfile), "--bootstrap-method", "Base32StringSeed"]
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


class Typed(unittest.TestCase):
    """Someone at a terminal, in a folder of their own."""

    account_number = 0

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        # Without a word the first version of the CLI presigns by Signature Version 2.
        config = pathlib.Path(temporary.name, "config")
        config.write_text("[default]\ns3 =\n    signature_version = s3v4\n")
        os.environ["AWS_CONFIG_FILE"] = str(config)
        cls.account = Account(cls.account_number)
        cls.account.admin()
        key = cls.account.root.iam.create_access_key(UserName="Admin")["AccessKey"]
        cls.cli = Cli(key, temporary.name)


class EveryOperation(Typed):
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

    def test_of_cloudtrail(self):
        everything.call_all("cloudtrail", self.cli, self.account.id)

    def test_none_was_left_out(self):
        self.assertEqual([], [operation for operation in operations() if operation not in Cli.succeeded])


class Files(Typed):
    """`aws s3`, which makes many calls of a command."""

    account_number = 1
    bucket = "s3://typed-bucket"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = pathlib.Path(cls.cli.folder)
        cls.big = os.urandom(20 << 20)
        (cls.folder / "tree" / "sub").mkdir(parents=True)
        (cls.folder / "tree" / "a.txt").write_text("a")
        (cls.folder / "tree" / "sub" / "b ü.txt").write_text("b")
        (cls.folder / "big").write_bytes(cls.big)
        cls.key = cls.account.root.kms.create_key()["KeyMetadata"]["Arn"]

    def aws(self, *words, status=0):
        """Types `aws s3` and these words; gives what was printed, on whichever stream the status says."""
        words = [str(self.folder / word[2:]) if word.startswith("./") else word for word in words]
        found, out, err = self.cli.run(["s3", *words])
        self.assertEqual(status, found, out + err)
        return out if status == 0 else err

    def test_a_bucket_is_made(self):
        self.assertEqual("make_bucket: typed-bucket\n", self.aws("mb", self.bucket))
        self.assertRegex(self.aws("ls"), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d typed-bucket\n$")

    def test_a_file_goes_up_in_parts_under_a_key_and_comes_back(self):
        self.aws("cp", "./big", f"{self.bucket}/big", "--sse", "aws:kms", "--sse-kms-key-id", self.key, "--no-progress")
        head = self.cli.call("s3", "HeadObject", Bucket="typed-bucket", Key="big", PartNumber=1)
        self.assertEqual((3, self.key), (head["PartsCount"], head["SSEKMSKeyId"]))
        self.aws("cp", f"{self.bucket}/big", "./back", "--no-progress")
        self.assertEqual(self.big, (self.folder / "back").read_bytes())
        self.aws("mv", f"{self.bucket}/big", f"{self.bucket}/moved", "--no-progress")
        self.aws("cp", f"{self.bucket}/moved", "./back", "--no-progress")
        self.assertEqual(self.big, (self.folder / "back").read_bytes())

    def test_a_tree_is_brought_in_step(self):
        self.assertEqual(2, self.aws("sync", "./tree", f"{self.bucket}/tree", "--no-progress").count("upload: "))
        self.assertEqual("", self.aws("sync", "./tree", f"{self.bucket}/tree", "--no-progress"))
        self.aws("sync", f"{self.bucket}/tree", "./tree.back", "--no-progress")
        self.assertEqual("b", (self.folder / "tree.back" / "sub" / "b ü.txt").read_text())
        (self.folder / "tree" / "a.txt").unlink()
        gone = self.aws("sync", "./tree", f"{self.bucket}/tree", "--delete", "--no-progress")
        self.assertEqual(f"delete: {self.bucket}/tree/a.txt\n", gone)
        listed = self.aws("ls", self.bucket, "--recursive", "--summarize")
        self.assertRegex(listed, r"tree/sub/b ü\.txt\n\nTotal Objects: 2\n +Total Size: 20971521\n$")
        self.assertEqual(f"                           PRE tree/\n", self.aws("ls", f"{self.bucket}/t"))

    def test_a_presigned_url_is_what_anyone_may_follow(self):
        url = self.aws("presign", f"{self.bucket}/tree/sub/b ü.txt", "--expires-in", "60").strip()
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(b"b", answer.read())

    def test_what_is_missing_or_wrong_is_said(self):
        missing = "An error occurred (404) when calling the HeadObject operation: "
        self.assertIn(missing, self.aws("cp", f"{self.bucket}/missing", "./x", status=1))
        said = self.aws("ls", "s3://no-such-bucket-at-all", status=255)
        self.assertIn(
            "(NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist", said
        )
        said = self.aws("rb", self.bucket, status=1)
        self.assertIn("(BucketNotEmpty) when calling the DeleteBucket operation: The bucket you tried to delete", said)

    def test_the_bucket_goes_with_all_that_is_in_it(self):
        self.aws("rm", f"{self.bucket}/tree", "--recursive")
        self.assertTrue(self.aws("rb", self.bucket, "--force").endswith("remove_bucket: typed-bucket\n"))
        self.assertEqual("", self.aws("ls"))
