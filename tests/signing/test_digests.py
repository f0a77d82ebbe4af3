"""One pass over the bytes gives the digests of the file and of every signed range."""

import hashlib

from signing.digests import Digests

CONTENT = bytes(range(256)) * 40


def test_ranges_in_any_order_and_the_file_have_their_own_digests():
    digests = Digests(CONTENT)

    for length, second, rest in ((9_000, 9_500, 740), (100, 300, 5_000), (9_000, 9_500, 0), (0, 20, 1_000), (5_000, 5_001, 1)):
        for method in ("sha256", "sha512"):
            expected = hashlib.new(method, CONTENT[:length] + CONTENT[second : second + rest]).digest()
            assert digests.of_range((0, length, second, rest), method) == expected
    assert digests.of_file() == digests.of_file() == hashlib.sha256(CONTENT).hexdigest()


def test_what_is_not_shared_is_left_to_the_engine():
    assert [Digests(b"").knows(method) for method in ("sha256", "sha1", "sha3_256", "md5")] == [True, False, False, False]
