"""What nobody would type into a form, but who means no good."""

WORKED_OUT = "7615384596153846"  # what the injections come to; it stands in none of them
INJECTIONS = [
    "{{ 76153845 * 100000000 + 96153846 }}",
    "${76153845 * 100000000 + 96153846}",
    "{% print(76153845 * 100000000 + 96153846) %}",
    "#{76153845 * 100000000 + 96153846}",
    "%(number)s %s %d {0.__class__} {config}",
]
MARKED = "Unverwechselbar"
NASTY = [
    *INJECTIONS,
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud7ff",
        "\ufeff",
        "\u202e",
        "\r\nSet-Cookie: a=b",
        "'\"><script>alert(1)</script>",
    ),
    *(
        "0",
        "-1",
        "1e400",
        "NaN",
        "inf",
        "99999999999999999999",
        "9223372036854775808",
        "٣",
        "²",
        "1_000",
        "0x10",
    ),
    *(
        "0000-00-00",
        "9999-12-31",
        "0001-01-01",
        "2026-02-30",
        "2026-11-23T25:00",
        "2026-11-23T08:00:00+99:99",
    ),
    *(
        "24:00",
        "08:00:00Z",
        "12:60",
        "../../../../etc/passwd",
        "..\\..\\x",
        "%2e%2e%2f",
        "/etc/passwd",
        "//evil.example",
    ),
    *("' OR 1=1 --", "a@b", "a@" + "b" * 300 + ".example", "+49", "+" + "9" * 60, "[]", "{}", "null", "true"),
    "x" * 5000,
    f"{MARKED} +4915199887766 {MARKED}@mail.example",
]
