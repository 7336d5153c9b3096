"""Runs a file of tests and tells of each in a line of JSON: `{"name", "seconds", "failure"}`, the last null if it passed.

Tests run in the order they are written in: a walk is one test case whose tests build on each other.
"""

import importlib.util
import json
import pathlib
import sys
import time
import traceback
import unittest


class InOrder(unittest.TestLoader):
    def getTestCaseNames(self, case):
        return [name for name in vars(case) if name.startswith(self.testMethodPrefix)]


class Lines(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def tell(self, test, failure=None):
        name = getattr(test, "_testMethodName", str(test)).removeprefix("test_").replace("_", " ")
        seconds = time.monotonic() - getattr(self, "began", time.monotonic())
        print(json.dumps({"name": name, "seconds": seconds, "failure": failure}), file=sys.__stdout__, flush=True)

    def addSuccess(self, test):
        self.tell(test)

    def addError(self, test, error):
        super().addError(test, error)
        self.tell(test, "".join(traceback.format_exception(*error)))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell(test, "".join(traceback.format_exception(*error)))

    def addSubTest(self, test, subtest, error):
        if error:
            super().addSubTest(test, subtest, error)
            self.tell(test, f"{subtest._subDescription()}\n" + "".join(traceback.format_exception(*error)))


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


def main(path):
    tests = InOrder().loadTestsFromModule(load(pathlib.Path(path)))
    # What a test prints must not look like a line of ours.
    sys.stdout = sys.stderr
    result = tests.run(Lines())
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
