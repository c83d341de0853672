"""The vault: sealing, digests and tokens, also while keys rotate."""

import pytest

from frontoffice.vault import InvalidToken, Vault

OLD, NEW = "the old key, long enough to be a key", "the new key, long enough to be a key"


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    vault = Vault([OLD])
    sealed = vault.seal({"name": "محمد", "mail": None})
    assert vault.open(sealed) == {"name": "محمد", "mail": None}
    assert "محمد".encode() not in sealed


def test_another_key_opens_nothing() -> None:
    with pytest.raises(InvalidToken):
        Vault([NEW]).open(Vault([OLD]).seal("x"))


def test_an_old_key_still_opens_and_resealing_moves_to_the_new_one() -> None:
    sealed, rotating = Vault([OLD]).seal("x"), Vault([NEW, OLD])
    assert rotating.open(sealed) == "x"
    assert Vault([NEW]).open(rotating.reseal(sealed)) == "x"


def test_a_digest_depends_on_key_purpose_and_value() -> None:
    vault = Vault([OLD])
    assert vault.digest("phone", "+49301") == vault.digest("phone", "+49301")
    others = {
        vault.digest("mail", "+49301"),
        vault.digest("phone", "+49302"),
        Vault([NEW]).digest("phone", "+49301"),
    }
    assert vault.digest("phone", "+49301") not in others
    assert Vault([NEW, OLD]).digests("phone", "+49301")[1] == vault.digest("phone", "+49301")


def test_a_token_is_known_again_also_under_an_older_key() -> None:
    token = Vault([OLD]).token("appointment", "K7M2PXQ4")
    assert len(token) == 24
    assert Vault([NEW, OLD]).token_matches(token.upper(), "appointment", "K7M2PXQ4")
    assert not Vault([NEW]).token_matches(token, "appointment", "K7M2PXQ4")


@pytest.mark.parametrize("wrong", ["", "a", "ä" * 24, "a" * 24])
def test_a_wrong_token_of_any_shape_is_refused(wrong: str) -> None:
    assert not Vault([OLD]).token_matches(wrong, "appointment", "K7M2PXQ4")


def test_a_part_of_the_token_is_not_enough() -> None:
    vault = Vault([OLD])
    assert not vault.token_matches(vault.token("appointment", "K7M2PXQ4")[:16], "appointment", "K7M2PXQ4")
