"""Files that were not used, told in a few lines."""

from vae_core.data.refusals import OTHER_PART, SAME_PICTURE, folded, unused

TEXT = "it is not a PNG, JPEG, WebP, BMP or GIF image"


def test_one_file_is_told_with_its_reason():
    assert folded([("a.png", "it is empty")]) == ["a.png: it is empty"]
    assert folded([]) == [] and unused([]) == ""
    assert unused([("secret.png", "it cannot be decoded: secret")]) == "1 file was not used (1 file: it cannot be decoded)"


def test_text_files_are_one_line_for_each_ending():
    refused = [(f"{i}.txt", TEXT) for i in range(3000)] + [("b.XML", TEXT), ("c.xml", TEXT), ("README", TEXT), ("d.csv", TEXT)]
    assert folded(refused) == [
        "3,000 .txt files are not images (0.txt, 1.txt, 2.txt, ...)",
        "2 .xml files are not images (b.XML, c.xml)",
        f"README: {TEXT}",
        f"d.csv: {TEXT}",
    ]


def test_reasons_that_differ_in_details_share_a_line():
    refused = [(f"{i}.png", f"it is {i}x{i} pixels, more than 50,000,000 in all") for i in (8000, 9000)]
    refused += [(f"c{i}.png", f"{SAME_PICTURE} {i}.png") for i in range(204)]
    refused += [("x.png", f"{OTHER_PART} train/1.png"), ("y.png", f"{OTHER_PART} train/2.png")]
    refused += [("e.png", "it is empty"), ("f.png", "it is empty")]
    assert folded(refused) == [
        "204 files are copies of others (c0.png, c1.png, c2.png, ...)",
        "2 files (8000.png, 9000.png), the first of them: it is 8000x8000 pixels, more than 50,000,000 in all",
        "2 files (x.png, y.png), the first of them: another part of the split has the same picture: train/1.png",
        "2 files (e.png, f.png): it is empty",
    ]
    said = unused(refused)
    assert said.startswith("210 files were not used (204 files are copies of others; 2 files: it is 8000x8000 pixels")


def test_lines_are_bounded_and_every_file_is_counted():
    refused = [(f"{'n' * 200}{i}.{'abcdefghijklmnop'[i % 16]}", TEXT) for i in range(160)]
    lines = folded(refused)
    assert len(lines) == 10 and lines[-1] == "70 more files for other reasons"
    assert max(map(len, lines)) < 260
    assert all("n" * 100 not in line for line in lines)
