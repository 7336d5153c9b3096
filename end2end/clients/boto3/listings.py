"""Paginators and waiters: pages give what a listing gives at once, each entry once, and a waiter ends by itself."""

import json

from botocore import xform_name
from botocore.exceptions import WaiterError
from documented import operations
from lab import Account, Case, unique

SOON = {"Delay": 1, "MaxAttempts": 2}
READ_ONLY = [f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "SecurityAudit", "IAMFullAccess")]
ACTIONS = ["s3:GetObject", "s3:PutObject", "kms:Decrypt"]


def document(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})


def trust(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Listings(Case):
    """Three of everything that can be listed, and every listing in pages of one."""

    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.admin = cls.account.admin()
        cls.me = cls.account.arn("user/Admin")
        cls.listed = {**cls.in_iam(), **cls.in_kms(), **cls.in_s3(), **cls.in_ec2()}

    @classmethod
    def in_iam(cls):
        """Makes what is to be listed; gives the parameters of each listing."""
        iam = cls.admin.iam
        iam.create_user(UserName="list-user")
        iam.create_group(GroupName="list-group")
        iam.create_role(RoleName="list-role", AssumeRolePolicyDocument=trust({"AWS": cls.me}))
        policy = iam.create_policy(PolicyName="list-policy", PolicyDocument=document("s3:ListBucket"))["Policy"]["Arn"]
        for number in range(3):
            iam.create_user(UserName=f"user-{number}")
            iam.create_group(GroupName=f"group-{number}")
            iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust({"AWS": cls.me}))
            iam.create_policy(PolicyName=f"policy-{number}", PolicyDocument=document("s3:ListBucket"))
            iam.create_instance_profile(InstanceProfileName=f"profile-{number}")
            iam.add_role_to_instance_profile(InstanceProfileName=f"profile-{number}", RoleName="list-role")
            iam.add_user_to_group(UserName=f"user-{number}", GroupName="list-group")
            iam.add_user_to_group(UserName="list-user", GroupName=f"group-{number}")
            iam.create_policy_version(PolicyArn=policy, PolicyDocument=document("s3:ListBucket"))
            for holder, name in (("user", "UserName"), ("group", "GroupName"), ("role", "RoleName")):
                attach = getattr(iam, f"attach_{holder}_policy")
                attach(PolicyArn=READ_ONLY[number], **{name: f"list-{holder}"})
                put = getattr(iam, f"put_{holder}_policy")
                put(PolicyName=f"inline-{number}", PolicyDocument=document(*ACTIONS), **{name: f"list-{holder}"})
        for _ in range(2):
            iam.create_access_key(UserName="list-user")
        user, group, role = {"UserName": "list-user"}, {"GroupName": "list-group"}, {"RoleName": "list-role"}
        return {
            ("iam", operation): parameters
            for operation, parameters in {
                "GetGroup": group,
                "ListAccessKeys": user,
                "ListAttachedGroupPolicies": group,
                "ListAttachedRolePolicies": role,
                "ListAttachedUserPolicies": user,
                "ListGroupPolicies": group,
                "ListGroups": {},
                "ListGroupsForUser": user,
                "ListInstanceProfiles": {},
                "ListInstanceProfilesForRole": role,
                "ListPolicies": {"Scope": "Local"},
                "ListPolicyVersions": {"PolicyArn": policy},
                "ListRolePolicies": role,
                "ListRoles": {},
                "ListUserPolicies": user,
                "ListUsers": {},
                "SimulateCustomPolicy": {"PolicyInputList": [document(*ACTIONS)], "ActionNames": ACTIONS},
                "SimulatePrincipalPolicy": {"PolicySourceArn": cls.me, "ActionNames": ACTIONS},
            }.items()
        }

    @classmethod
    def in_kms(cls):
        kms = cls.admin.kms
        tags = [{"TagKey": f"tag-{number}", "TagValue": "x"} for number in range(3)]
        key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
        for number in range(3):
            kms.create_key()
            kms.create_alias(AliasName=f"alias/list-{number}", TargetKeyId=key)
            kms.create_grant(KeyId=key, GranteePrincipal=cls.me, RetiringPrincipal=cls.me, Operations=["Decrypt"])
        return {
            ("kms", "ListAliases"): {"KeyId": key},
            ("kms", "ListGrants"): {"KeyId": key},
            ("kms", "ListKeyPolicies"): {"KeyId": key},
            ("kms", "ListKeys"): {},
            ("kms", "ListResourceTags"): {"KeyId": key},
            ("kms", "ListRetirableGrants"): {"RetiringPrincipal": cls.me},
        }

    @classmethod
    def in_s3(cls):
        s3 = cls.admin.s3
        buckets = [unique("listed-bucket") for _ in range(3)]
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket)
        bucket = {"Bucket": buckets[0]}
        s3.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **bucket)
        for key in ("a", "a b", "b/1", "b/2", "c+d&e", "d%2F", "é/1"):
            s3.put_object(Key=key, Body=b"1", **bucket)
        s3.put_object(Key="a", Body=b"2", **bucket)
        s3.delete_object(Key="a b", **bucket)
        for key in ("up", "up", "loads/1", "loads/2"):
            upload = s3.create_multipart_upload(Key=key, **bucket)["UploadId"]
        parts = {"Key": "loads/2", "UploadId": upload, **bucket}
        for number in (1, 2, 5):
            s3.upload_part(PartNumber=number, Body=b"part", **parts)
        return {
            ("s3", "ListBuckets"): {"Prefix": "listed-bucket"},
            ("s3", "ListMultipartUploads"): {"Delimiter": "/", **bucket},
            ("s3", "ListObjectVersions"): {"Delimiter": "/", **bucket},
            ("s3", "ListObjects"): {"Delimiter": "/", **bucket},
            ("s3", "ListObjectsV2"): {"Delimiter": "/", **bucket},
            ("s3", "ListParts"): parts,
        }

    @classmethod
    def in_ec2(cls):
        for _ in range(6):
            cls.admin.ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1)
        return {("ec2", "DescribeInstances"): {}}

    def test_every_paginator_gives_each_entry_once(self):
        pageable = [
            (service, operation)
            for service, operation in operations()
            if getattr(self.admin, service).can_paginate(xform_name(operation))
        ]
        self.assertLessEqual(set(pageable), set(self.listed), "a listing that nothing here pages through")
        for service, operation in pageable:
            with self.subTest(f"{service} {operation}"):
                self.pages(service, operation, self.listed[service, operation])

    def pages(self, service, operation, parameters):
        paginator = getattr(self.admin, service).get_paginator(xform_name(operation))
        results = [key.expression for key in paginator.result_keys]
        smallest = 5 if service == "ec2" else 1
        at_once = entries(paginator.paginate(**parameters), results)
        pages = list(paginator.paginate(PaginationConfig={"PageSize": smallest}, **parameters))
        self.assertEqual(at_once, entries(pages, results))
        if operation != "ListKeyPolicies":
            self.assertGreater(len(pages), 1)
        for page in pages:
            self.assertLessEqual(sum(len(page.get(key, [])) for key in results), smallest)
        if len(results) > 1:
            return  # botocore itself loses the other lists when it begins in the middle.
        some = paginator.paginate(PaginationConfig={"PageSize": smallest, "MaxItems": smallest}, **parameters)
        (first,) = entries([some.build_full_result()], results)
        rest = paginator.paginate(PaginationConfig={"StartingToken": some.resume_token}, **parameters)
        self.assertEqual(at_once, [first + (entries(rest, results)[0] if some.resume_token else [])])

    def test_a_made_up_place_to_go_on_from_is_refused(self):
        with self.refused(400, "ValidationError", "Invalid Marker."):
            self.admin.iam.list_users(Marker="!")
        with self.refused(400, "InvalidMarkerException"):
            self.admin.kms.list_keys(Marker="!")
        bucket = self.listed["s3", "ListObjectsV2"]["Bucket"]
        with self.refused(400, "InvalidArgument", "The continuation token provided is incorrect"):
            self.admin.s3.list_objects_v2(Bucket=bucket, ContinuationToken="!")
        with self.refused(400, "InvalidPaginationToken", "The specified pagination token is not valid or is expired."):
            self.admin.ec2.describe_instances(NextToken="!")

    def test_pages_of_nothing_and_of_too_much(self):
        bucket = self.listed["s3", "ListObjectsV2"]["Bucket"]
        none = self.admin.s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
        self.assertEqual((0, False), (none["KeyCount"], none["IsTruncated"]))
        self.assertEqual(1000, self.admin.s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"])
        for number in (0, 1001):
            with self.refused(400, "ValidationError"):
                self.admin.client("iam", parameter_validation=False).list_users(MaxItems=number)
            with self.refused(400, "ValidationException"):
                self.admin.client("kms", parameter_validation=False).list_keys(Limit=number)


def entries(pages, results):
    """What each result key gives over all pages, comparable."""
    lists = {key: [] for key in results}
    for page in pages:
        for key in results:
            lists[key] += page.get(key, [])
    return list(lists.values())


class Waiters(Case):
    @classmethod
    def setUpClass(cls):
        cls.admin = Account(1).admin()

    def waits(self, service, waiter, **parameters):
        getattr(self.admin, service).get_waiter(waiter).wait(WaiterConfig=SOON, **parameters)

    def waits_in_vain(self, service, waiter, **parameters):
        with self.assertRaises(WaiterError) as caught:
            getattr(self.admin, service).get_waiter(waiter).wait(
                WaiterConfig={"Delay": 0, "MaxAttempts": 2}, **parameters
            )
        self.assertIn("Max attempts exceeded", str(caught.exception))

    def test_those_of_s3(self):
        bucket = unique("waited")
        self.waits("s3", "bucket_not_exists", Bucket=bucket)
        self.waits_in_vain("s3", "bucket_exists", Bucket=bucket)
        self.admin.s3.create_bucket(Bucket=bucket)
        self.waits("s3", "bucket_exists", Bucket=bucket)
        self.waits("s3", "object_not_exists", Bucket=bucket, Key="a")
        self.waits_in_vain("s3", "object_exists", Bucket=bucket, Key="a")
        self.admin.s3.put_object(Bucket=bucket, Key="a", Body=b"a")
        self.waits("s3", "object_exists", Bucket=bucket, Key="a")
        self.waits_in_vain("s3", "object_not_exists", Bucket=bucket, Key="a")

    def test_those_of_iam(self):
        iam = self.admin.iam
        self.waits_in_vain("iam", "user_exists", UserName="waited")
        self.waits_in_vain("iam", "role_exists", RoleName="waited")
        self.waits_in_vain("iam", "instance_profile_exists", InstanceProfileName="waited")
        iam.create_user(UserName="waited")
        iam.create_role(RoleName="waited", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
        iam.create_instance_profile(InstanceProfileName="waited")
        policy = iam.create_policy(PolicyName="waited", PolicyDocument=document("s3:ListBucket"))["Policy"]["Arn"]
        self.waits("iam", "user_exists", UserName="waited")
        self.waits("iam", "role_exists", RoleName="waited")
        self.waits("iam", "instance_profile_exists", InstanceProfileName="waited")
        self.waits("iam", "policy_exists", PolicyArn=policy)

    def test_those_of_ec2(self):
        launched = self.admin.ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=2, MaxCount=2)
        ids = [instance["InstanceId"] for instance in launched["Instances"]]
        self.waits("ec2", "instance_exists", InstanceIds=ids)
        self.waits("ec2", "instance_running", InstanceIds=ids)
        self.admin.ec2.terminate_instances(InstanceIds=ids)
        self.waits("ec2", "instance_terminated", InstanceIds=ids)
        self.waits_in_vain("ec2", "instance_exists", InstanceIds=["i-0123456789abcdef0"])
