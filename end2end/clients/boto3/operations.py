"""Every operation that the embedded AWS has, called once with boto3, its answer read member by member."""

from botocore import xform_name
from botocore.exceptions import ClientError

import everything
from documented import operations
from lab import Account, Case, Person, session


class Boto:
    """A client for `everything`."""

    def __init__(self, person):
        self.person = person

    def call(self, service, operation, **parameters):
        answer = getattr(getattr(self.person, service), xform_name(operation))(**parameters)
        if "Body" in answer:
            answer["Body"] = answer["Body"].read()
        return answer

    def refused(self, service, operation, **parameters):
        try:
            self.call(service, operation, **parameters)
        except ClientError as error:
            return error.response["Error"]["Message"]
        raise AssertionError(f"{operation} was not refused")

    def answered(self, service, operation):
        Person.succeeded.add((service, operation))

    def by(self, credentials):
        return Boto(Person(session(credentials)))


class EveryOperation(Case):
    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.boto = Boto(cls.account.admin())

    def test_of_iam(self):
        everything.call_all("iam", self.boto, self.account.id)

    def test_of_sts(self):
        everything.call_all("sts", self.boto, self.account.id)

    def test_of_ec2(self):
        everything.call_all("ec2", self.boto, self.account.id)

    def test_of_kms(self):
        everything.call_all("kms", self.boto, self.account.id)

    def test_of_s3(self):
        everything.call_all("s3", self.boto, self.account.id)

    def test_of_cloudtrail(self):
        everything.call_all("cloudtrail", self.boto, self.account.id)

    def test_none_was_left_out(self):
        self.assertEqual([], [operation for operation in operations() if operation not in Person.succeeded])
