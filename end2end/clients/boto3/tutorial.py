"""The tutorial with boto3: an account of its own, three roles with three policies, and what each may and may not do."""

import json
import pathlib

from lab import ENDPOINT, REGION, Account, Case, Person, unique

LISTINGS = pathlib.Path(__file__).resolve().parents[3] / "server" / "src" / "tutorial" / "listings"
PAPER = b"%PDF-1.4 a paper to keep safe\n"


def listing(name, **words):
    text = (LISTINGS / f"{name}.json").read_text()
    for word, value in words.items():
        text = text.replace("{{" + word.replace("_", "-") + "}}", value)
    return text


def trust(principal):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
        }
    )


def console_policy(account, users):
    """The key policy that the AWS console's wizard writes (KMS Developer Guide, `key-policy-default`)."""

    def statement(sid, principal, actions, **more):
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": actions if isinstance(actions, str) else [f"kms:{action}" for action in actions],
            "Resource": "*",
            **more,
        }

    administrators = (
        "Create* Describe* Enable* List* Put* Update* Revoke* Disable* Get* Delete* TagResource UntagResource"
    )
    administrators += " ScheduleKeyDeletion CancelKeyDeletion RotateKeyOnDemand"
    statements = [
        statement("Enable IAM User Permissions", account.arn("root"), "kms:*"),
        statement("Allow access for Key Administrators", account.arn("role/secure-key-admin"), administrators.split()),
    ]
    if users:
        use = "Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey"
        for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        statements += [
            statement("Allow use of the key", users, use.split()),
            statement(
                "Allow attachment of persistent resources",
                users,
                "CreateGrant ListGrants RevokeGrant".split(),
                Condition=for_aws,
            ),
        ]
    return json.dumps({"Version": "2012-10-17", "Id": "key-consolepolicy-3", "Statement": statements})


class Tutorial(Case):
    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.bucket = unique("secure-demo-bucket")
        cls.admin = cls.account.admin()
        cls.user_role = cls.account.arn("role/authorized-users")

    @property
    def sealed(self):
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key_arn}

    def paper(self, key="paper.pdf"):
        return {"Bucket": self.bucket, "Key": key}

    def object_arn(self, key="paper.pdf"):
        return f"arn:aws:s3:::{self.bucket}/{key}"

    def test_the_administrator_is_who_she_says(self):
        me = self.admin.sts.get_caller_identity()
        self.assertEqual((self.account.id, self.account.arn("user/Admin")), (me["Account"], me["Arn"]))
        self.assertRegex(me["UserId"], r"^AIDA[A-Z2-7]{17}$")

    def test_steps_1_and_2_make_policies_roles_and_an_instance_profile(self):
        iam = self.admin.iam
        policies = {
            "secure-bucket-admin": listing("bucket-admin.corrected", bucket=self.bucket),
            "secure-key-admin": listing("key-admin.corrected", account=self.account.id),
            "secure-bucket-access": listing("bucket-access.corrected", bucket=self.bucket),
        }
        for name, document in policies.items():
            made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]
            self.assertEqual(self.account.arn(f"policy/{name}"), made["Arn"])
            read = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]["Document"]
            self.assertEqual(json.loads(document), read)
        roles = {
            "secure-bucket-admin": ("secure-bucket-admin", {"AWS": self.account.arn("root")}),
            "secure-key-admin": ("secure-key-admin", {"AWS": self.account.arn("root")}),
            "authorized-users": ("secure-bucket-access", {"Service": "ec2.amazonaws.com"}),
        }
        for role, (policy, principal) in roles.items():
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(principal))
            iam.attach_role_policy(RoleName=role, PolicyArn=self.account.arn(f"policy/{policy}"))
        iam.create_instance_profile(InstanceProfileName="authorized-users")
        iam.add_role_to_instance_profile(InstanceProfileName="authorized-users", RoleName="authorized-users")
        again = "A policy called secure-key-admin already exists. Duplicate names are not allowed."
        with self.refused(409, "EntityAlreadyExists", again) as caught:
            iam.create_policy(PolicyName="secure-key-admin", PolicyDocument=policies["secure-key-admin"])
        self.assertIsInstance(caught.exception, iam.exceptions.EntityAlreadyExistsException)

    def test_the_admin_takes_on_the_two_administrators_roles_but_not_the_instances(self):
        for role in ("secure-bucket-admin", "secure-key-admin"):
            someone = self.admin.assume(self.account.arn(f"role/{role}"))
            arn = f"arn:aws:sts::{self.account.id}:assumed-role/{role}/walk"
            self.assertEqual(arn, someone.sts.get_caller_identity()["Arn"])
            setattr(type(self), role.replace("-", "_"), someone)
        with self.denied(self.account.arn("user/Admin"), "sts:AssumeRole", self.user_role, because=""):
            self.admin.assume(self.user_role)
        with self.refused(403, "AccessDenied", "Roles may not be assumed by root accounts."):
            self.account.root.assume(self.account.arn("role/secure-key-admin"))

    def test_step_3_a_bucket_by_the_bucket_administrator_alone(self):
        key_admin = f"arn:aws:sts::{self.account.id}:assumed-role/secure-key-admin/walk"
        arn = f"arn:aws:s3:::{self.bucket}"
        with self.denied(key_admin, "s3:CreateBucket", arn, because="identity", quoted=True):
            self.secure_key_admin.s3.create_bucket(Bucket=self.bucket)
        made = self.secure_bucket_admin.s3.create_bucket(Bucket=self.bucket)
        self.assertEqual(f"/{self.bucket}", made["Location"])
        self.secure_bucket_admin.s3.get_waiter("bucket_exists").wait(
            Bucket=self.bucket, WaiterConfig={"Delay": 1, "MaxAttempts": 3}
        )

    def test_step_4_a_key_by_the_key_administrator_alone(self):
        policy = console_policy(self.account, self.user_role)
        bucket_admin = f"arn:aws:sts::{self.account.id}:assumed-role/secure-bucket-admin/walk"
        kms = self.secure_bucket_admin.kms
        with self.denied(
            bucket_admin, "kms:CreateKey", "*", because="identity", status=400, code="AccessDeniedException"
        ):
            kms.create_key(Policy=policy)
        kms = self.secure_key_admin.kms
        key = kms.create_key(Policy=policy, Description="For the tutorial")["KeyMetadata"]
        type(self).key_arn = key["Arn"]
        self.assertRegex(key["Arn"], rf"^arn:aws:kms:{REGION}:{self.account.id}:key/[0-9a-f-]{{36}}$")
        self.assertEqual(
            ("Enabled", "SYMMETRIC_DEFAULT", "CUSTOMER"), (key["KeyState"], key["KeySpec"], key["KeyManager"])
        )
        kms.create_alias(AliasName="alias/secure-demo", TargetKeyId=key["KeyId"])
        self.assertEqual(key["Arn"], kms.describe_key(KeyId="alias/secure-demo")["KeyMetadata"]["Arn"])
        with self.denied(
            f"arn:aws:sts::{self.account.id}:assumed-role/secure-key-admin/walk",
            "kms:Encrypt",
            self.key_arn,
            because=f"with an explicit deny in an identity-based policy: {self.account.arn('policy/secure-key-admin')}",
            status=400,
            code="AccessDeniedException",
        ) as caught:
            kms.encrypt(KeyId=self.key_arn, Plaintext=b"mine?")
        self.assertEqual("AccessDeniedException", caught.exception.response["Error"]["Code"])

    def test_step_5_a_bucket_policy_that_demands_this_key(self):
        s3 = self.secure_bucket_admin.s3
        policy = listing("bucket-policy", bucket=self.bucket, key_arn=self.key_arn)
        with self.refused(404, "NoSuchBucketPolicy", "The bucket policy does not exist"):
            s3.get_bucket_policy(Bucket=self.bucket)
        s3.put_bucket_policy(Bucket=self.bucket, Policy=policy)
        self.assertEqual(json.loads(policy), json.loads(s3.get_bucket_policy(Bucket=self.bucket)["Policy"]))
        self.assertFalse(s3.get_bucket_policy_status(Bucket=self.bucket)["PolicyStatus"]["IsPublic"])

    def test_step_7_an_instance_whose_credentials_botocore_finds_itself(self):
        launched = self.admin.ec2.run_instances(
            ImageId="ami-0abcdef1234567890",
            InstanceType="t2.micro",
            MinCount=1,
            MaxCount=1,
            IamInstanceProfile={"Name": "authorized-users"},
        )
        instance = launched["Instances"][0]["InstanceId"]
        type(self).instance = Person(imds=f"{ENDPOINT}/imds/{instance}")
        type(self).caller = f"arn:aws:sts::{self.account.id}:assumed-role/authorized-users/{instance}"
        self.assertEqual(self.caller, self.instance.sts.get_caller_identity()["Arn"])
        self.assertEqual("iam-role", self.instance.session.get_credentials().method)
        waiter = self.admin.ec2.get_waiter("instance_running")
        waiter.wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 3})

    def test_test_1_an_encrypted_upload_is_taken(self):
        answer = self.instance.s3.put_object(Body=PAPER, **self.paper(), **self.sealed)
        self.assertEqual(("aws:kms", self.key_arn), (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]))

    def test_test_2_every_other_upload_is_refused_by_the_bucket_policy(self):
        other = self.secure_key_admin.kms.create_key()["KeyMetadata"]["Arn"]
        attempts = [
            {},
            {"ServerSideEncryption": "AES256"},
            {"ServerSideEncryption": "aws:kms"},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other},
        ]
        for attempt in attempts:
            with (
                self.subTest(attempt),
                self.denied(
                    self.caller, "s3:PutObject", self.object_arn("test2.pdf"), because="resource says no", quoted=True
                ),
            ):
                self.instance.s3.put_object(Body=PAPER, **self.paper("test2.pdf"), **attempt)

    def test_test_3_the_download_gives_the_paper_back(self):
        answer = self.instance.s3.get_object(**self.paper())
        self.assertEqual(PAPER, answer["Body"].read())
        self.assertEqual(self.key_arn, answer["SSEKMSKeyId"])
        keys = [entry["Key"] for entry in self.instance.s3.list_objects_v2(Bucket=self.bucket)["Contents"]]
        self.assertEqual(["paper.pdf"], keys)

    def test_nobody_but_the_instance_reads_it(self):
        bucket_admin = f"arn:aws:sts::{self.account.id}:assumed-role/secure-bucket-admin/walk"
        because = f"with an explicit deny in an identity-based policy: {self.account.arn('policy/secure-bucket-admin')}"
        with self.denied(bucket_admin, "s3:GetObject", self.object_arn(), because=because, quoted=True):
            self.secure_bucket_admin.s3.get_object(**self.paper())
        key_admin = f"arn:aws:sts::{self.account.id}:assumed-role/secure-key-admin/walk"
        with self.denied(key_admin, "s3:GetObject", self.object_arn(), because="identity", quoted=True):
            self.secure_key_admin.s3.get_object(**self.paper())

    def test_what_is_not_there_is_not_told_to_everyone(self):
        with self.refused(404, "NoSuchKey", "The specified key does not exist.") as caught:
            self.instance.s3.get_object(**self.paper("missing.pdf"))
        self.assertIsInstance(caught.exception, self.instance.s3.exceptions.NoSuchKey)
        with self.refused(404, "404", "Not Found"):
            self.instance.s3.head_object(**self.paper("missing.pdf"))

    def test_test_4_without_the_key_user_upload_and_download_fail_at_kms(self):
        kms = self.secure_key_admin.kms
        kms.put_key_policy(KeyId=self.key_arn, PolicyName="default", Policy=console_policy(self.account, None))
        with self.denied(self.caller, "kms:GenerateDataKey", self.key_arn, because="identity"):
            self.instance.s3.put_object(Body=PAPER, **self.paper("test4.pdf"), **self.sealed)
        self.assertEqual(self.key_arn, self.instance.s3.head_object(**self.paper())["SSEKMSKeyId"])
        with self.denied(self.caller, "kms:Decrypt", self.key_arn, because="identity"):
            self.instance.s3.get_object(**self.paper())
        self.assertEqual(1, self.instance.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"])

    def test_restored_access_works_at_once_for_the_same_session(self):
        kms = self.secure_key_admin.kms
        policy = console_policy(self.account, self.user_role)
        kms.put_key_policy(KeyId=self.key_arn, PolicyName="default", Policy=policy)
        self.instance.s3.put_object(Body=PAPER, **self.paper("test4.pdf"), **self.sealed)
        self.assertEqual(PAPER, self.instance.s3.get_object(**self.paper("test4.pdf"))["Body"].read())

    def test_a_key_that_is_disabled_or_on_its_way_out_stops_everyone(self):
        kms = self.secure_key_admin.kms
        kms.disable_key(KeyId=self.key_arn)
        with self.refused(400, "KMS.DisabledException", f"{self.key_arn} is disabled."):
            self.instance.s3.get_object(**self.paper())
        kms.enable_key(KeyId=self.key_arn)
        kms.schedule_key_deletion(KeyId=self.key_arn, PendingWindowInDays=7)
        with self.refused(400, "KMS.KMSInvalidStateException", f"{self.key_arn} is pending deletion."):
            self.instance.s3.get_object(**self.paper())
        kms.cancel_key_deletion(KeyId=self.key_arn)
        self.assertEqual("Disabled", kms.describe_key(KeyId=self.key_arn)["KeyMetadata"]["KeyState"])
        kms.enable_key(KeyId=self.key_arn)
        self.assertEqual(PAPER, self.instance.s3.get_object(**self.paper())["Body"].read())

    def test_a_key_policy_that_locks_everyone_out_is_refused(self):
        locked = json.loads(console_policy(self.account, self.user_role))
        locked["Statement"] = locked["Statement"][2:]
        message = "The new key policy will not allow you to update the key policy in the future."
        with self.refused(400, "MalformedPolicyDocumentException", message):
            self.secure_key_admin.kms.put_key_policy(
                KeyId=self.key_arn, PolicyName="default", Policy=json.dumps(locked)
            )
        stranger = console_policy(self.account, self.account.arn("role/nobody"))
        message = "Policy contains a statement with one or more invalid principals."
        with self.refused(400, "MalformedPolicyDocumentException", message):
            self.secure_key_admin.kms.put_key_policy(KeyId=self.key_arn, PolicyName="default", Policy=stranger)

    def test_the_instances_life_ends_its_credentials_source(self):
        instance = self.caller.rsplit("/", 1)[-1]
        self.admin.ec2.terminate_instances(InstanceIds=[instance])
        waiter = self.admin.ec2.get_waiter("instance_terminated")
        waiter.wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 3})
        late = Person(imds=f"{ENDPOINT}/imds/{instance}")
        self.assertIsNone(late.session.get_credentials())
