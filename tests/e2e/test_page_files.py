from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.cli import main
from tests.e2e.page_fakes import POISON
from tests.e2e.page_steps import download, examples, pick, records, said, select

Visit = Callable[..., Any]


def choose(page: Any, name: str, content: str | bytes) -> None:
    """Gives the page a file by its button's field."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": raw})
    page.locator("#file-name", has_text=name).wait_for()


def label(page: Any, folder: Path) -> Path:
    """Labels the chosen file to its end and hands out the result."""
    page.click("#file-start")
    page.wait_for_selector("#file-download:visible")
    return download(page, "#file-download", folder)


def faults(page: Any) -> list[str]:
    found: list[str] = page.locator("#file-faults-list li").all_inner_texts()
    return found


def test_a_text_file_is_labelled_line_by_line_in_order(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    texts = [f"第{number}行😀王小明在𠮷野家光{'的北京' * (number % 4)}" for number in range(300)]
    choose(page, "新闻.txt", "\ufeff" + "\r\n".join(texts) + "\n\n")
    assert "300 条文本 · 跳过 1 个空行" in page.inner_text("#file-summary")
    path = label(page, tmp_path)
    assert path.name == "新闻.names.jsonl"
    assert [example.text for example in examples(path)] == texts
    assert [example.entities[0].text for example in examples(path) if example.entities] == ["王小明"] * 300
    assert main(["data", "check", str(path)]) == 0
    assert page.get_attribute("#file-progress", "value") == "300"
    said(page, "标注完成")


def test_quotes_commas_and_line_ends_in_the_cells_of_a_csv_are_kept(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    content = 'id,note,text\r\na1,"x,y","他说：""王小明，\n在北京""。"\r\na2,,李娜来了\r\n'
    choose(page, "sheet.csv", content)
    assert page.input_value("#file-column") == "2"
    assert page.is_checked("#file-header")
    found = records(label(page, tmp_path))
    assert [(one["id"], one["text"], one["meta"]) for one in found] == [
        ("a1", '他说："王小明，\n在北京"。', {"note": "x,y"}),
        ("a2", "李娜来了", {"note": ""}),
    ]
    assert [example.id for example in examples(tmp_path / "sheet.names.jsonl")] == ["a1", "a2"]


def test_the_text_column_is_guessed_and_can_be_chosen(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    choose(page, "plain.csv", "甲,王小明在北京大学读书很多年,李娜\n乙,今天的天气非常不错,深圳\n")
    assert page.input_value("#file-column") == "1"
    assert not page.is_checked("#file-header")
    page.select_option("#file-column", "2")
    page.check("#file-header")
    page.locator("#file-start", has_text=" 1 ").wait_for()
    assert [one["text"] for one in records(label(page, tmp_path))] == ["深圳"]


def test_a_tsv_takes_quotes_as_they_stand(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    choose(page, "a.tsv", 'text\tlabel\n"王小明\tx\n')
    (found,) = records(label(page, tmp_path))
    assert (found["text"], found["meta"]) == ('"王小明', {"label": "x"})


def test_json_lines_keep_their_ids_and_all_else_under_meta(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    lines = [{"id": 7, "text": "王小明", "label": "old"}, {"text": "😀北京", "meta": {"page": 1}, "source": "web"}]
    choose(page, "in.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    found = records(label(page, tmp_path))
    assert found[0]["id"] == 7
    assert [one["meta"] for one in found] == [{"label": "old"}, {"page": 1, "source": "web"}]
    assert [(one.text, one.entities[0].start) for one in examples(tmp_path / "in.names.jsonl") if one.entities] == [
        ("王小明", 0),
        ("😀北京", 1),
    ]


@pytest.mark.parametrize(
    ("model", "text", "key"), [("topics", "央行下调金率", "label"), ("tags", "国足胜利，央行金率", "labels")]
)
def test_classes_come_as_label_or_labels_with_scores(
    visit: Visit, tmp_path: Path, model: str, text: str, key: str
) -> None:
    page = visit()
    page.select_option("#model", model)
    choose(page, "in.txt", text)
    path = label(page, tmp_path)
    (found,), (example,) = records(path), examples(path)
    assert set(found) == {"text", key, "scores"}
    assert set(found["scores"]) == {"体育", "财经", "酒店", "科技"}
    assert (example.label == "财经") if key == "label" else (sorted(example.labels or ()) == ["体育", "财经"])


def test_bad_lines_are_told_with_their_numbers_and_the_others_labelled(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    lines = [
        '{"text": "王小明"}',
        "{text}",
        '["王小明"]',
        '{"content": "北京"}',
        '{"text": 5}',
        "",
        '{"text": "  "}',
        '{"text": "\\ud83d"}',
        '{"id": 1.5, "text": "北京"}',
        '{"id": 12345678901234567890, "text": "北京"}',
        '{"text": "北京"}',
    ]
    choose(page, "bad.jsonl", "\n".join(lines))
    told = faults(page)
    assert [line.split(" ")[1] for line in told] == ["2", "3", "4", "5", "7", "8", "9", "10"]
    assert told[2] == 'Line 4 no "text" among content'
    assert "1 line left out as blank" in page.inner_text("#file-summary")
    assert [one["text"] for one in records(label(page, tmp_path))] == ["王小明", "北京"]


def test_a_csv_row_with_the_wrong_columns_or_quotes_is_told(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    choose(page, "bad.csv", 'text,label\n"两\n行",x\n多,一,列\n"王小明"去,y\n李娜,z\n"没有闭合,q\n')
    assert faults(page) == [
        "Line 4 3 columns, expected 2",
        "Line 5 text after a closing quote: put quotes round the whole cell, double those inside",
        "Line 7 a quote is not closed, and what follows cannot be read: put quotes round the whole cell,"
        " double those inside",
    ]
    assert [one["text"] for one in records(label(page, tmp_path))] == ["两\n行", "李娜"]


def test_invalid_bytes_are_told_and_gb18030_is_read_when_asked_for(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    choose(page, "gbk.txt", b"ok\n" + "王小明在北京\n".encode("gb18030"))
    assert faults(page) == ["第 2 行 不是有效的 UTF-8：如果文件是 GB18030，请在上方选择"]
    page.select_option("#file-encoding", "gb18030")
    page.wait_for_selector("#file-faults", state="hidden")
    assert [one["text"] for one in records(label(page, tmp_path))] == ["ok", "王小明在北京"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", '[{"text": "王小明"}]', "paddle-ner data convert"),
        ("a.txt", "\ufeff王小明".encode("utf-16-le"), "UTF-16"),
        ("a.txt", "\n\n", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_to_be(visit: Visit, name: str, content: Any, says: str) -> None:
    page = visit(locale="en-US")
    choose(page, name, content)
    assert says in page.inner_text("#file-message")
    assert page.is_disabled("#file-start")


def test_texts_over_the_servers_limit_are_told_before_anything_is_sent(
    visit: Visit, serve: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(serve(max_characters=5).url, locale="en-US")
    choose(page, "a.txt", "王小明\n😀😀😀😀😀\n一二三四五六\n")
    assert faults(page) == ["Line 3 6 characters, the server takes at most 5: split the text"]
    assert len(records(label(page, tmp_path))) == 2


def test_requests_stay_within_the_servers_limits(visit: Visit, serve: Callable[..., Any], tmp_path: Path) -> None:
    page = visit(serve(max_texts=3, max_queue=3, max_body_bytes=100).url)
    asked: list[tuple[int, int]] = []
    page.on(
        "response",
        lambda response: (
            response.url.endswith("/predict")
            and asked.append((response.status, len(json.loads(response.request.post_data)["texts"])))
        ),
    )
    texts = [f"第{number}个王小明" + "很" * (number % 9) for number in range(40)]
    choose(page, "a.txt", "\n".join(texts))
    assert [one["text"] for one in records(label(page, tmp_path))] == texts
    assert max(count for _, count in asked) == 3
    assert {413, 200} <= {status for status, _ in asked} <= {413, 429, 200}


def test_a_text_that_no_request_can_hold_is_told_and_the_others_done(
    visit: Visit, serve: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(serve(max_body_bytes=100).url, locale="en-US")
    choose(page, "a.txt", f"王小明\n{'很' * 60}\n北京\n")
    assert [one["text"] for one in records(label(page, tmp_path))] == ["王小明", "北京"]
    assert faults(page) == ["Line 2 the text is over what the server takes in one request: split it"]


def test_a_text_that_fails_is_told_and_its_neighbours_are_labelled(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    choose(page, "a.txt", f"王小明\n坏{POISON}\n北京\n")
    assert [one["text"] for one in records(label(page, tmp_path))] == ["王小明", "北京"]
    assert faults(page) == ["Line 2 the text made the model fail; the server's log has the reason"]


def test_a_text_that_the_server_refuses_is_told_with_its_reason(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")

    def refuse(route: Any) -> None:
        texts = json.loads(route.request.post_data)["texts"]
        if "坏" not in texts:
            route.continue_()
            return
        errors = [{"pointer": f"#/texts/{texts.index('坏')}", "detail": "not this one"}]
        body = {"type": "/docs#invalid-request", "title": "Invalid", "status": 422, "detail": "x", "errors": errors}
        route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(body))

    page.route("**/predict", refuse)
    choose(page, "a.txt", "王小明\n坏\n北京\n")
    assert [one["text"] for one in records(label(page, tmp_path))] == ["王小明", "北京"]
    assert faults(page) == ["Line 2 the server refused it: not this one"]


def test_a_busy_server_is_waited_for_as_long_as_it_says(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    busy = {"type": "/docs#queue-full", "title": "Queue full", "status": 429, "detail": "full"}
    left = [3]

    def answer(route: Any) -> None:
        if not left[0]:
            route.continue_()
            return
        left[0] -= 1
        route.fulfill(
            status=429,
            headers={"Retry-After": "1"},
            content_type="application/problem+json",
            body=json.dumps(busy),
        )

    page.route("**/predict", answer)
    choose(page, "a.txt", "王小明\n北京\n")
    page.click("#file-start")
    page.wait_for_selector("text=going on in 1 s")
    page.wait_for_selector("#file-download:visible")
    assert len(records(download(page, "#file-download", tmp_path))) == 2
    assert not left[0]


def test_a_run_can_be_cancelled_keeps_what_is_done_and_goes_on_from_there(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    held: list[Any] = []
    first = [2]

    def hold(route: Any) -> None:
        first[0] -= 1
        if first[0] >= 0:
            route.continue_()
            return
        held.append(route)

    page.route("**/predict", hold)
    texts = [f"第{number}个王小明" for number in range(200)]
    choose(page, "a.txt", "\n".join(texts))
    page.click("#file-start")
    page.locator("#file-numbers", has_text="32 of 200").wait_for()
    page.click("#file-cancel")
    page.wait_for_selector("#file-download:visible")
    said(page, "Cancelled")
    assert [one["text"] for one in records(download(page, "#file-download", tmp_path))] == texts[:32]
    page.unroute("**/predict")
    assert "Continue (168)" in page.inner_text("#file-start")
    page.click("#file-start")
    page.locator("#file-numbers", has_text="200 of 200").wait_for()
    page.wait_for_selector("#file-download:visible")
    assert [one["text"] for one in records(download(page, "#file-download", tmp_path))] == texts


def test_a_server_that_stops_leaves_what_is_done(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    body = {"type": "/docs#draining", "title": "Draining", "status": 503, "detail": "the server stops"}
    count = [0]

    def answer(route: Any) -> None:
        count[0] += 1
        if count[0] <= 2:
            route.continue_()
            return
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(body))

    page.route("**/predict", answer)
    choose(page, "a.txt", "\n".join(f"第{number}个王小明" for number in range(200)))
    page.click("#file-start")
    page.wait_for_selector("#file-download:visible")
    assert "The server is stopping" in page.inner_text("#file-message")
    assert len(records(download(page, "#file-download", tmp_path))) == 32


def test_another_model_labels_the_file_anew(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    choose(page, "a.txt", "央行下调金率\n")
    assert "entities" in records(label(page, tmp_path))[0]
    page.select_option("#model", "topics")
    page.wait_for_selector("#file-start:visible")
    page.click("#file-start")
    page.wait_for_selector("#file-start", state="hidden")
    page.wait_for_selector("#file-download:visible")
    assert "label" in records(download(page, "#file-download", tmp_path))[0]


def test_a_file_is_dropped_anywhere_on_the_page(visit: Visit) -> None:
    page = visit()
    transfer = page.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(['王小明\\n北京\\n'], 'dropped.txt'));
            return transfer;
        }"""
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    assert page.is_visible(".drop")
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#file-start:enabled")
    assert page.is_hidden(".drop")
    assert page.inner_text("#file-name") == "dropped.txt"
    assert page.evaluate("document.activeElement.id") == "file-start"


def test_a_labelled_file_is_looked_through_and_put_right_record_by_record(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    lines = ['{"id": "a", "text": "😀林默"}', f'{{"text": "{POISON}"}}', '{"id": 3, "text": "李娜来了"}']
    choose(page, "in.jsonl", "\n".join(lines))
    label(page, tmp_path)
    assert page.is_disabled("#file-previous")
    page.click("#file-next")
    assert page.inner_text("#file-at") == "Line 1 · 1 of 3"
    select(page, "林默", "林默")
    pick(page, "PER")
    page.click("#file-next")  # over the one that could not be labelled
    assert page.inner_text("#file-at") == "Line 3 · 3 of 3"
    assert page.is_disabled("#file-next")
    assert page.evaluate("document.activeElement.id") == "file-previous"
    page.click("mark")
    page.click("#picker .bad")
    path = download(page, "#corrections-download", tmp_path)
    assert [(one.id, one.text, [entity.text for entity in one.entities or ()]) for one in examples(path)] == [
        ("a", "😀林默", ["林默"]),
        ("3", "李娜来了", []),
    ]
