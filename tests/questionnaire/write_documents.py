"""Write what is made from the table of keys: `python -m tests.questionnaire.write_documents`."""

from app.questionnaire.key_document import fill_document
from app.questionnaire.schema import dump_schema
from tests.support.source import ROOT

GUIDE = ROOT / "docs" / "questions-yaml.md"
SCHEMA = ROOT / "docs" / "questions.schema.json"


def write_documents() -> None:
    """Bring docs/questions.schema.json and the tables of docs/questions-yaml.md in step with the keys."""
    SCHEMA.write_text(dump_schema())
    GUIDE.write_text(fill_document(GUIDE.read_text()))


if __name__ == "__main__":
    write_documents()
