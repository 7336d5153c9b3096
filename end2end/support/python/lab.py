"""What the boto3 specs start from: accounts, clients for who acts, and a test case that reads every answer."""

import contextlib
import itertools
import os
import unittest
import warnings

import boto3
import botocore.config
import botocore.session
from botocore.exceptions import ClientError

from answers import complaints

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]

# `ACCOUNT_ID:ACCESS_KEY_ID:SECRET` each, as `trilock sandbox --account` takes them.
ACCOUNTS = [account.split(":") for account in os.environ["TRILOCK_ACCOUNTS"].split()]

_numbers = itertools.count(1)


def unique(name):
    """A name that nothing else in this run has."""
    return f"{name}-{os.getpid()}-{next(_numbers)}"


class Person:
    """Someone who calls: clients by service, each made once, and what their answers had wrong.

    `credentials` are the keyword arguments of a client; without them botocore finds its own. `imds` is the URL of an
    instance metadata service.
    """

    # Everything called in this run, as (service, operation), and everything that succeeded.
    called = set()
    succeeded = set()
    # What no AWS would have answered.
    found = []

    def __init__(self, credentials=None, imds=None):
        session = botocore.session.get_session()
        session.set_config_variable("ec2_metadata_service_endpoint", imds)
        events = session.get_component("event_emitter")
        events.register("before-parse.*.*", self._read)
        self.session = boto3.Session(botocore_session=session, region_name=REGION)
        self.credentials = credentials or {}
        self._clients = {}

    def _read(self, operation_model, response_dict, **_):
        call = (operation_model.service_model.service_name, operation_model.name)
        self.called.add(call)
        if response_dict["status_code"] < 300:
            self.succeeded.add(call)
        self.found.extend(complaints(operation_model, response_dict))

    def client(self, service, **config):
        """A client that makes one attempt a call; `config` are options of botocore's Config."""
        if not config and service in self._clients:
            return self._clients[service]
        settings = {"retries": {"total_max_attempts": 1}, **config}
        client = self.session.client(service, config=botocore.config.Config(**settings), **self.credentials)
        if not config:
            self._clients[service] = client
        return client

    def __getattr__(self, service):
        if service.startswith("_"):
            raise AttributeError(service)
        return self.client(service)

    def assume(self, role_arn, session_name="walk", **more):
        """Takes on a role: someone else, who acts with its session."""
        answer = self.sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name, **more)
        return Person(session(answer["Credentials"]))


def session(credentials):
    """Credentials as STS gives them, as a client takes them."""
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


class Account:
    """One account and its root user; `admin` is a user of it with AdministratorAccess."""

    def __init__(self, number=0):
        self.id, key, secret = ACCOUNTS[number]
        self.root = Person({"aws_access_key_id": key, "aws_secret_access_key": secret})

    def admin(self, name="Admin"):
        self.root.iam.create_user(UserName=name)
        self.root.iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        return self.person(name)

    def person(self, name):
        """A user of this account, with an access key of their own."""
        key = self.root.iam.create_access_key(UserName=name)["AccessKey"]
        return Person({"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]})

    def arn(self, what):
        """`role/r` and the like as an ARN of IAM."""
        return f"arn:aws:iam::{self.id}:{what}"


class Case(unittest.TestCase):
    """A test whose every answer is read against AWS's model of it."""

    maxDiff = None

    def setUp(self):
        warnings.simplefilter("error", ResourceWarning)
        Person.found.clear()

    def tearDown(self):
        self.assertEqual([], sorted(set(Person.found)))

    @contextlib.contextmanager
    def refused(self, status, code, message=None):
        """What happens within must be refused with this status, code and, unless it is left to the caller, message."""
        with self.assertRaises(ClientError) as caught:
            yield caught
        error = caught.exception.response
        found = (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"])
        self.assertEqual((status, code, found[2] if message is None else message), found)

    def denied(self, who, action, resource=None, *, because, quoted=False, status=403, code="AccessDenied"):
        """As `refused`, for a denial in AWS's template (IAM User Guide, `troubleshoot_access-denied`)."""
        target = (
            f" on resource: {resource}"
            if resource and not quoted
            else f' on resource: "{resource}"' if resource else ""
        )
        reasons = {
            "identity": f"because no identity-based policy allows the {action} action",
            "resource": f"because no resource-based policy allows the {action} action",
            "resource says no": "with an explicit deny in a resource-based policy",
        }
        reason = reasons.get(because, because)
        words = f"User: {who} is not authorized to perform: {action}{target}" + (f" {reason}" if reason else "")
        return self.refused(status, code, words)
