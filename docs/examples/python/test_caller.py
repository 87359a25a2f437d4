"""Reads every vector of the contract: python3 -m unittest"""

import json
import pathlib
import unittest

from caller import Refused, read_caller

FILE = pathlib.Path(__file__).parent.parent / "testdata" / "vectors.json"


class Contract(unittest.TestCase):
    def test_every_vector(self):
        contract = json.loads(FILE.read_text("utf-8"))
        self.assertGreater(len(contract["vectors"]), 0)
        for vector in contract["vectors"]:
            with self.subTest(vector["name"]):
                try:
                    caller = read_caller(vector["method"], vector["headers"], contract["service"], contract["now"])
                    outcome = {"caller": caller}
                except Refused as refused:
                    outcome = {"error": refused.code}
                self.assertEqual(outcome, vector["expected"])


if __name__ == "__main__":
    unittest.main()
