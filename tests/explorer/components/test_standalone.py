"""A component as one file: whole, and safe whatever is in it."""

from __future__ import annotations

import base64
import re

from explorer.components.latent_pad import FOLDER
from explorer.components.standalone import standalone


def test_a_file_holds_everything_and_asks_for_nothing() -> None:
    data = bytes(range(256))
    found = standalone(FOLDER, "pad", data, "<b>%%js%%</b>", "A & B")
    assert "<title>&lt;b&gt;%%js%%&lt;/b&gt;</title>" in found and "A &amp; B" in found
    kept = re.search(r'id="data">([^<]*)<', found)[1]
    assert base64.b64decode(kept) == data
    assert found.count("</script>") == 2 and found.count("</template>") == 2
    assert not re.search(r"""(src|href)=["']|@import|url\((?!data:)|^import |^export """, found, re.MULTILINE)
