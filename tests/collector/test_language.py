"""What a declared language means, the same wherever it was declared."""

import pytest

from collector.brand import Brand
from collector.language import language_code


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("de", "de"),
        ("EN_us", "en"),
        ("zh-Hans-CN", "zh"),
        (" por ", "pt"),
        ("fil", "tl"),
        ("in", "id"),
        ("iw", "he"),
        ("ji", "yi"),
        ("no", "nb"),
        ("Norwegian", "nb"),
        ("Français", "fr"),
        ("中文", "zh"),
        ("qu", "qu"),
        ("haw", "haw"),
    ],
)
def test_codes_and_names_of_a_language_mean_one_code(declared: str, code: str) -> None:
    assert language_code(declared) == code


@pytest.mark.parametrize("declared", ["", "und", "zxx", "mul", "art-x-tags", "qht", "x", "Elbonian", "e1", None, 7])
def test_what_names_no_language_has_no_code(declared: object) -> None:
    assert language_code(declared) is None


def test_a_brand_takes_its_languages_by_whatever_code_they_come() -> None:
    brand = Brand(name="Orange", languages=("no", "German"))
    assert brand.match("Orange er nede", "nb-NO") == "name Orange"
    assert brand.match("Orange ist weg", "deu") == "name Orange"
    assert brand.match("Orange is down", "en") is None
    assert brand.match("Orange is down", "und") == "name Orange"
