"""What each service says when it refuses, to whom, and that no client tries again what will not change."""

import json

from lab import REGION, Account, Case, Person, unique

NOBODY = "arn:aws:iam::111122223333:user/nobody"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Refused(Case):
    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.admin = cls.account.admin()
        # As a client is by default: it would try again where that could help.
        for service in ("s3", "kms", "iam", "sts", "ec2"):
            setattr(cls, service, cls.admin.client(service, retries={"mode": "standard", "max_attempts": 3}))
        cls.root = cls.account.root

    def refused(self, *expected):
        return Once(super().refused(*expected))

    def test_by_iam(self):
        iam = self.iam
        for kind, words in {
            "user": {"UserName": "missing"},
            "group": {"GroupName": "missing"},
            "role": {"RoleName": "missing"},
        }.items():
            with self.refused(404, "NoSuchEntity", f"The {kind} with name missing cannot be found."):
                getattr(iam, f"get_{kind}")(**words)
        with self.refused(404, "NoSuchEntity", "Instance Profile missing cannot be found."):
            iam.get_instance_profile(InstanceProfileName="missing")
        missing = self.account.arn("policy/missing")
        with self.refused(404, "NoSuchEntity", f"Policy {missing} was not found."):
            iam.get_policy(PolicyArn=missing)
        iam.create_user(UserName="twice")
        with self.refused(409, "EntityAlreadyExists", "User with name twice already exists."):
            iam.create_user(UserName="twice")
        with self.refused(404, "NoSuchEntity", f"Policy {missing} does not exist or is not attachable."):
            iam.attach_user_policy(UserName="twice", PolicyArn=missing)
        with self.refused(400, "MalformedPolicyDocument", "Syntax errors in policy."):
            iam.put_user_policy(UserName="twice", PolicyName="p", PolicyDocument="{")
        words = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
        with self.refused(400, "ValidationError", f"The specified value for userName is invalid. {words}"):
            iam.create_user(UserName="a/b")
        iam.create_access_key(UserName="twice")
        with self.refused(409, "DeleteConflict", "Cannot delete entity, must delete access keys first."):
            iam.delete_user(UserName="twice")
        iam.create_access_key(UserName="twice")
        with self.refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"):
            iam.create_access_key(UserName="twice")

    def test_by_sts(self):
        sts = self.sts
        trust = {"Effect": "Allow", "Principal": {"AWS": self.account.arn("root")}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.iam.create_role(RoleName="assumed", AssumeRolePolicyDocument=document)
        role = {"RoleArn": self.account.arn("role/assumed"), "RoleSessionName": "session"}
        message = (
            "1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must "
            r"satisfy regular expression pattern: [\w+=,.@-]*"
        )
        with self.refused(400, "ValidationError", message):
            sts.assume_role(**{**role, "RoleSessionName": "a:b"})
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        with self.refused(400, "ValidationError", message):
            sts.assume_role(**role, DurationSeconds=7200)
        chained = self.admin.assume(role["RoleArn"])
        self.iam.put_role_policy(RoleName="assumed", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        with self.refused(400, "ValidationError", message):
            chained.sts.assume_role(**role, DurationSeconds=7200)
        missing = self.account.arn("role/missing")
        me = self.account.arn("user/Admin")
        with self.refused(
            403, "AccessDenied", f"User: {me} is not authorized to perform: sts:AssumeRole on resource: {missing}"
        ):
            sts.assume_role(**{**role, "RoleArn": missing})
        with self.refused(403, "AccessDenied", "Cannot call GetSessionToken with session credentials"):
            chained.sts.get_session_token()
        with self.refused(400, "MalformedPolicyDocument"):
            sts.assume_role(**role, Policy="{")

    def test_by_kms(self):
        kms = self.kms
        missing = "1234abcd-12ab-34cd-56ef-1234567890ab"
        arn = f"arn:aws:kms:{REGION}:{self.account.id}:key/{missing}"
        with self.refused(400, "NotFoundException", f"Key '{arn}' does not exist"):
            kms.describe_key(KeyId=missing)
        with self.refused(400, "NotFoundException", "Invalid keyId 'no-key'"):
            kms.describe_key(KeyId="no-key")
        alias = f"arn:aws:kms:{REGION}:{self.account.id}:alias/missing"
        with self.refused(400, "NotFoundException", f"Alias {alias} is not found."):
            kms.describe_key(KeyId="alias/missing")
        with self.refused(400, "NotFoundException", "Invalid arn eu-west-1"):
            kms.describe_key(KeyId=arn.replace(REGION, "eu-west-1"))
        key = kms.create_key()["KeyMetadata"]
        sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"a")["CiphertextBlob"]
        with self.refused(400, "InvalidCiphertextException", ""):
            kms.decrypt(CiphertextBlob=sealed[:-1] + b"?")
        with self.refused(400, "InvalidCiphertextException", ""):
            kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
        other = kms.create_key()["KeyMetadata"]
        message = "The key ID in the request does not identify a CMK that can perform this operation."
        with self.refused(400, "IncorrectKeyException", message):
            kms.decrypt(CiphertextBlob=sealed, KeyId=other["KeyId"])
        kms.create_alias(AliasName="alias/errors", TargetKeyId=key["KeyId"])
        alias = alias.replace("missing", "errors")
        with self.refused(400, "AlreadyExistsException", f"An alias with the name {alias} already exists"):
            kms.create_alias(AliasName="alias/errors", TargetKeyId=key["KeyId"])
        kms.disable_key(KeyId=key["KeyId"])
        with self.refused(400, "DisabledException", f"{key['Arn']} is disabled."):
            kms.encrypt(KeyId="alias/errors", Plaintext=b"a")
        kms.schedule_key_deletion(KeyId=key["KeyId"])
        with self.refused(400, "KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            kms.enable_key(KeyId=key["KeyId"])
        constraint = "failed to satisfy constraint: Member must have"
        message = f"1 validation error detected: Value at 'plaintext' {constraint} length less than or equal to 4096"
        with self.refused(400, "ValidationException", message):
            kms.encrypt(KeyId=other["KeyId"], Plaintext=b"a" * 4097)
        limit = "value less than or equal to 1024"
        message = f"1 validation error detected: Value '1025' at 'numberOfBytes' {constraint} {limit}"
        with self.refused(400, "ValidationException", message):
            self.admin.client("kms", parameter_validation=False).generate_random(NumberOfBytes=1025)

    def test_by_ec2(self):
        ec2 = self.ec2
        with self.refused(400, "InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist"):
            ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
        with self.refused(400, "InvalidInstanceID.Malformed", 'Invalid id: "i-x"'):
            ec2.terminate_instances(InstanceIds=["i-x"])
        launch = {"ImageId": "ami-0abcdef1234567890", "MinCount": 1, "MaxCount": 1}
        with self.refused(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."):
            ec2.run_instances(DryRun=True, **launch)
        message = "Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        with self.refused(400, "InvalidParameterValue", message):
            ec2.run_instances(IamInstanceProfile={"Name": "none"}, **launch)

    def test_by_s3(self):
        s3, bucket = self.s3, unique("errors")
        with self.refused(404, "NoSuchBucket", "The specified bucket does not exist") as caught:
            s3.list_objects_v2(Bucket=bucket)
        self.assertEqual(bucket, caught.exception.response["Error"]["BucketName"])
        self.assertIsInstance(caught.exception, s3.exceptions.NoSuchBucket)
        with self.refused(404, "404", "Not Found"):
            s3.head_bucket(Bucket=bucket)
        s3.create_bucket(Bucket=bucket)
        s3.create_bucket(Bucket=bucket)
        message = (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again."
        )
        with self.refused(409, "BucketAlreadyExists", message) as caught:
            Account(1).root.s3.create_bucket(Bucket=bucket)
        with self.refused(404, "NoSuchKey", "The specified key does not exist.") as caught:
            s3.get_object(Bucket=bucket, Key="a key")
        self.assertEqual("a key", caught.exception.response["Error"]["Key"])
        with self.refused(400, "InvalidStorageClass", "The storage class you specified is not valid"):
            s3.put_object(Bucket=bucket, Key="a", Body=b"", StorageClass="NONE")
        s3.put_object(Bucket=bucket, Key="a", Body=b"")
        with self.refused(400, "InvalidArgument", "Invalid attribute name specified."):
            s3.get_object_attributes(Bucket=bucket, Key="a", ObjectAttributes=["Colour"])
        with self.refused(404, "NoSuchTagSet", "The TagSet does not exist"):
            s3.get_bucket_tagging(Bucket=bucket)
        with self.refused(403, "AccessDenied", "Access Denied"):
            s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="444455556666")
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}],
        }
        with self.refused(400, "MalformedPolicy", "Missing required field Resource"):
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        policy["Statement"][0]["Resource"] = f"arn:aws:s3:::{bucket}/*"
        arn = f'"arn:aws:s3:::{bucket}"'
        message = (
            f"User: {self.account.arn('user/Admin')} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f"{arn} because public policies are blocked by the BlockPublicPolicy block public access setting."
        )
        with self.refused(403, "AccessDenied", message):
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        with self.refused(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"):
            s3.put_object(Bucket=bucket, Key="a", Body=b"", ACL="public-read")
        message = (
            "The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent "
            "to."
        )
        with self.refused(400, "IllegalLocationConstraintException", message):
            s3.create_bucket(Bucket=unique("abroad"), CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def test_for_who_they_are(self):
        key = self.root.credentials["aws_access_key_id"]
        forger = Person({"aws_access_key_id": key, "aws_secret_access_key": "guessed"})
        stranger = Person({"aws_access_key_id": "AKIANOSUCHKEYATALLXX", "aws_secret_access_key": "x"})
        invalid = "The security token included in the request is invalid."
        mismatch = (
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
        of_s3 = mismatch.split("Check")[0] + "Check your key and signing method."
        validate = "AWS was not able to validate the provided access credentials"
        unknown = "The AWS Access Key Id you provided does not exist in our records."
        for service, operation, forged, strange in [
            (
                "sts",
                "get_caller_identity",
                (403, "SignatureDoesNotMatch", mismatch),
                (403, "InvalidClientTokenId", invalid),
            ),
            ("iam", "list_users", (403, "SignatureDoesNotMatch", mismatch), (403, "InvalidClientTokenId", invalid)),
            (
                "kms",
                "list_keys",
                (400, "InvalidSignatureException", mismatch),
                (400, "UnrecognizedClientException", invalid),
            ),
            ("ec2", "describe_instances", (401, "AuthFailure", validate), (401, "AuthFailure", validate)),
            ("s3", "list_buckets", (403, "SignatureDoesNotMatch", of_s3), (403, "InvalidAccessKeyId", unknown)),
        ]:
            for who, expected in ((forger, forged), (stranger, strange)):
                with self.subTest(f"{service} {expected[1]}"), self.refused(*expected) as caught:
                    getattr(getattr(who, service), operation)()
        self.assertEqual("AKIANOSUCHKEYATALLXX", caught.exception.response["Error"]["AWSAccessKeyId"])

    def test_for_a_session_that_was_tampered_with(self):
        credentials = self.root.sts.get_session_token(DurationSeconds=900)["Credentials"]
        token = credentials["SessionToken"]
        broken = Person(
            {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:],
            }
        )
        with self.refused(403, "InvalidClientTokenId", "The security token included in the request is invalid."):
            broken.sts.get_caller_identity()
        with self.refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid."):
            broken.s3.list_buckets()
        with self.refused(400, "UnrecognizedClientException", "The security token included in the request is invalid."):
            broken.kms.list_keys()

    def test_for_what_they_may_not_do(self):
        self.iam.create_user(UserName="nobody")
        nobody = self.account.person("nobody")
        arn = self.account.arn("user/nobody")
        key = self.kms.create_key()["KeyMetadata"]["Arn"]
        bucket = unique("nobody")
        self.s3.create_bucket(Bucket=bucket)
        users = self.account.arn("user/")
        for service, operation, words, action, resource, quoted, status, code in [
            ("iam", "list_users", {}, "iam:ListUsers", users, False, 403, "AccessDenied"),
            ("kms", "list_keys", {}, "kms:ListKeys", "*", False, 400, "AccessDeniedException"),
            ("kms", "describe_key", {"KeyId": key}, "kms:DescribeKey", key, False, 400, "AccessDeniedException"),
            ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", None, True, 403, "AccessDenied"),
            (
                "s3",
                "list_objects_v2",
                {"Bucket": bucket},
                "s3:ListBucket",
                f"arn:aws:s3:::{bucket}",
                True,
                403,
                "AccessDenied",
            ),
        ]:
            with self.subTest(action):
                with self.denied(arn, action, resource, because="identity", quoted=quoted, status=status, code=code):
                    getattr(getattr(nobody, service), operation)(**words)
        with self.refused(403, "UnauthorizedOperation") as caught:
            nobody.ec2.describe_instances()
        message = caught.exception.response["Error"]["Message"]
        start = f"You are not authorized to perform this operation. User: {arn} is not authorized to perform: ec2:Desc"
        self.assertEqual(start, message[: len(start)])

    def test_for_another_region_and_sent_where_they_belong(self):
        bucket = unique("region")
        self.s3.create_bucket(Bucket=bucket)
        elsewhere = self.admin.session.client("s3", region_name="eu-west-1", **self.admin.credentials)
        message = f"The authorization header is malformed; the region 'eu-west-1' is wrong; expecting '{REGION}'"
        with super().refused(400, "AuthorizationHeaderMalformed", message) as caught:
            elsewhere.list_buckets()
        self.assertEqual(REGION, caught.exception.response["Error"]["Region"])
        # botocore learns the region from the error, and asks there.
        self.assertEqual(0, elsewhere.list_objects_v2(Bucket=bucket)["KeyCount"])
        elsewhere.put_object(Bucket=bucket, Key="a", Body=b"a")
        elsewhere = self.admin.session.client("s3", region_name="eu-west-1", **self.admin.credentials)
        self.assertEqual(1, elsewhere.head_object(Bucket=bucket, Key="a")["ContentLength"])


class Once:
    """A refusal that was not tried again."""

    def __init__(self, refusal):
        self.refusal = refusal

    def __enter__(self):
        self.caught = self.refusal.__enter__()
        return self.caught

    def __exit__(self, *error):
        handled = self.refusal.__exit__(*error)
        attempts = self.caught.exception.response["ResponseMetadata"]["RetryAttempts"]
        if attempts:
            raise AssertionError(f"it was tried again {attempts} times")
        return handled
