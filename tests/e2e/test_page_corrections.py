from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from paddle_ner.cli import main
from tests.e2e.page_fakes import NestedModel
from tests.e2e.page_steps import analyse, download, examples, marks, pick, records, said, select, shown_text

Visit = Callable[..., Any]
TEXT = "😀王小明在北京大学会见了𠮷野家光和林默。"
DOWNLOAD = "#corrections-download"


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def entities(page: Any, folder: Path) -> list[tuple[int, int, str, str]]:
    """The entities of the one correction, as the project's reader reads them."""
    (example,) = examples(download(page, DOWNLOAD, folder))
    assert example.entities is not None
    return [(one.start, one.end, one.text, one.label) for one in example.entities]


def test_selected_text_becomes_an_entity_at_its_code_points(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    select(page, "林默", "林默")
    pick(page, "PER")
    assert marks(page)[-1] == ("林默", "PER")
    assert shown_text(page) == TEXT
    assert entities(page, tmp_path)[-1] == (17, 19, "林默", "PER")


def test_selecting_over_an_entity_puts_its_border_right(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    select(page, "北京", "北京")
    pick(page, "LOC")
    said(page, "替换了「北京大学」")
    assert [mark[:2] for mark in marks(page)] == [("王小明", "PER"), ("北京", "LOC"), ("𠮷野家光", "PER")]
    assert (5, 7, "北京", "LOC") in entities(page, tmp_path)


def test_where_entities_may_overlap_those_around_and_inside_a_selection_stay(
    visit: Visit, serve: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(serve(lambda path, settings: [NestedModel()], models={"nested": "nested"}).url)
    analyse(page, TEXT)
    select(page, "大学", "大学")
    pick(page, "TIME")
    select(page, "在", "在")
    pick(page, "TIME")
    (record,) = records(download(page, DOWNLOAD, tmp_path))
    found = [(one["start"], one["end"], one["text"], one["label"]) for one in record["entities"]]
    assert {(5, 9, "北京大学", "ORG"), (5, 7, "北京", "LOC"), (7, 9, "大学", "TIME"), (4, 5, "在", "TIME")} <= {*found}
    assert shown_text(page) == TEXT


def test_a_selection_may_begin_in_one_entity_and_end_in_another(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    select(page, "小明", "北京")
    pick(page, "ORG")
    assert entities(page, tmp_path)[0] == (2, 7, "小明在北京", "ORG")
    assert shown_text(page) == TEXT


def test_white_space_at_the_ends_of_a_selection_does_not_count(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, "他说 林默 来了")
    select(page, " 林默 ", "林默 ")
    pick(page, "PER")
    assert entities(page, tmp_path) == [(3, 5, "林默", "PER")]


def test_a_selection_by_touch_is_taken_when_its_handles_stand_still(visit: Visit, tmp_path: Path) -> None:
    page = visit(has_touch=True)
    analyse(page, TEXT)
    page.evaluate(
        """() => {
            const node = document.querySelector('.text').lastChild, at = node.data.indexOf('林默');
            const down = new PointerEvent('pointerdown', { pointerType: 'touch', bubbles: true });
            node.parentElement.dispatchEvent(down);
            getSelection().setBaseAndExtent(node, at, node, at + 2);
        }"""
    )
    page.wait_for_selector("#picker[open]")
    pick(page, "PER")
    assert entities(page, tmp_path)[-1] == (17, 19, "林默", "PER")


def test_labels_are_no_part_of_the_text_that_is_copied(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.text'))")
    assert page.evaluate("getSelection().toString()") == TEXT


def test_a_click_on_an_entity_changes_its_label(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=1")
    assert page.get_attribute("#picker .label:focus", "aria-pressed") == "true"
    pick(page, "LOC")
    assert marks(page)[1] == ("北京大学", "LOC")
    assert entities(page, tmp_path)[1] == (5, 9, "北京大学", "LOC")


def test_a_new_label_can_be_named(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=1")
    page.fill("#picker-input", " 学校 ")
    page.press("#picker-input", "Enter")
    assert marks(page)[1] == ("北京大学", "学校")
    assert entities(page, tmp_path)[1][3] == "学校"
    page.click("mark >> nth=0")
    assert "学校" in page.locator("#picker .label b").all_inner_texts()


def test_an_entity_can_be_deleted_and_the_deletion_taken_back(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=0")
    page.click("#picker .bad")
    assert [mark[0] for mark in marks(page)] == ["北京大学", "𠮷野家光"]
    assert [one[2] for one in entities(page, tmp_path)] == ["北京大学", "𠮷野家光"]
    page.click('[data-does="undo"]')
    assert [mark[0] for mark in marks(page)] == ["王小明", "北京大学", "𠮷野家光"]
    assert page.is_hidden("#corrections")
    page.click('[data-does="redo"]')
    assert [mark[0] for mark in marks(page)] == ["北京大学", "𠮷野家光"]


def test_all_of_it_works_with_the_keyboard_alone(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    page.keyboard.type(TEXT)  # the field has the focus from the start
    press(page, "Control+Enter")
    page.wait_for_selector("mark")
    while not page.evaluate("document.activeElement.matches('.text')"):
        press(page, "Tab")
    press(page, "ArrowDown", "Delete")  # the first entity goes
    said(page, "已删除 PER「王小明」")
    press(page, "ArrowDown", "Enter", "2")  # the next becomes LOC, by its number
    assert marks(page)[0] == ("北京大学", "LOC")
    press(page, "End", "ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Enter", "Home", "Enter")
    page.wait_for_selector("#picker:not([open])", state="attached")
    assert marks(page)[-1] == ("林默", "PER")
    press(page, "Control+z", "Control+z", "Control+Shift+Z")
    assert [mark[:2] for mark in marks(page)] == [("北京大学", "LOC"), ("𠮷野家光", "PER")]
    assert entities(page, tmp_path) == [(5, 9, "北京大学", "LOC"), (12, 16, "𠮷野家光", "PER")]


def test_the_caret_walks_by_code_points_and_from_an_entity_grows_it(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, TEXT)
    page.focus(".text")
    press(page, "Home", "ArrowRight", "ArrowDown")  # behind the emoji, on to the first entity
    assert page.evaluate("document.activeElement.dataset.index") == "0"
    press(page, "Shift+ArrowRight", "Enter", "1")
    assert entities(page, tmp_path)[0] == (1, 5, "王小明在", "PER")


def test_escape_leaves_everything_as_it_was(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=0")
    press(page, "Escape")
    assert page.evaluate("document.activeElement.dataset.index") == "0"
    assert page.is_hidden("#corrections")
    assert len(marks(page)) == 3


def test_corrections_of_several_texts_are_one_file_that_data_check_accepts(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, "林默去了上海市\n第二行")
    select(page, "林默", "林默")
    pick(page, "PER")
    analyse(page, "李娜没有来")
    page.click('[data-does="keep"]')
    analyse(page, "这里没有名字")
    page.click('[data-does="keep"]')
    path = download(page, DOWNLOAD, tmp_path)
    assert path.name == "corrections-names.jsonl"
    assert [one.text for one in examples(path)] == ["林默去了上海市\n第二行", "李娜没有来", "这里没有名字"]
    assert [len(one.entities or ()) for one in examples(path)] == [2, 1, 0]
    assert main(["data", "check", str(path)]) == 0


def test_what_was_corrected_is_shown_again_and_can_go_back_to_the_models_result(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=0")
    page.click("#picker .bad")
    analyse(page, "李娜")
    analyse(page, TEXT)
    assert [mark[0] for mark in marks(page)] == ["北京大学", "𠮷野家光"]
    page.click('[data-does="reset"]')
    assert [mark[0] for mark in marks(page)] == ["王小明", "北京大学", "𠮷野家光"]
    assert page.is_hidden("#corrections")


def test_corrections_survive_a_reload_and_are_opened_from_their_list(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("mark >> nth=0")
    page.click("#picker .bad")
    page.reload()
    page.wait_for_selector("#corrections-list .open")
    page.click("#corrections-list .open")
    assert [mark[0] for mark in marks(page)] == ["北京大学", "𠮷野家光"]
    assert page.input_value("#text") == TEXT
    page.click("#corrections-list .quiet")
    assert page.is_hidden("#corrections")
    assert len(marks(page)) == 3


def test_the_right_class_is_chosen_with_the_keyboard(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    page.select_option("#model", "topics")
    analyse(page, "央行下调金率")
    page.focus(".classes input:checked")
    press(page, "ArrowDown")
    chosen = page.locator(".classes input:checked").input_value()
    assert chosen != "财经"
    assert page.evaluate("document.activeElement.value") == chosen
    assert records(download(page, DOWNLOAD, tmp_path)) == [{"text": "央行下调金率", "label": chosen}]
    press(page, "Control+z")
    assert page.locator(".classes input:checked").input_value() == "财经"


def test_the_right_classes_are_ticked_and_may_be_none(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    page.select_option("#model", "tags")
    analyse(page, "国足胜利")
    page.check('.classes input[value="科技"]')
    (example,) = examples(download(page, DOWNLOAD, tmp_path))
    assert example.labels == ("体育", "科技")
    page.uncheck('.classes input[value="科技"]')
    page.uncheck('.classes input[value="体育"]')
    (example,) = examples(download(page, DOWNLOAD, tmp_path))
    assert example.labels == ()


def test_corrections_of_one_model_do_not_mix_with_anothers(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    analyse(page, "李娜")
    page.click('[data-does="keep"]')
    page.select_option("#model", "topics")
    page.wait_for_selector(".classes")
    assert page.is_hidden("#corrections")
    page.select_option("#model", "names")
    page.wait_for_selector("mark")
    assert len(records(download(page, DOWNLOAD, tmp_path))) == 1
