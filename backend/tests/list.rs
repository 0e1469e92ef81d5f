//! The list of series in a real browser: its filter, its pins, its focus, and a length that no page builds.

mod support;

use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use support::browser::{Browser, press};
use support::server::Server;

const ROWS: &str = "[...document.querySelectorAll('[data-testid=process-row]:not([hidden])')]";

/// A row's cells in the columns, as it owns them.
const CELLS: &str = "(row => (row.getAttribute('aria-owns') ?? '').split(' ').filter(Boolean)
    .map(id => document.getElementById(id)))";

/// A window on synthetic processes whose list is there.
async fn open(processes: u32) -> (Server, Browser) {
    let server = Server::start(&[&format!("--demo={processes}"), "--interval", "100ms"]);
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(&server.url()).await.expect("a page");
    let rows = format!("return {ROWS}.length > 5");
    browser.until("rows", &rows).await;
    (server, browser)
}

async fn type_filter(browser: &Browser, text: &str) {
    let filter = browser.page.find(Locator::Css("[data-testid=filter]"));
    let filter = filter.await.expect("a filter");
    filter.send_keys(text).await.expect("keys");
}

#[tokio::test]
async fn a_wrong_filter_is_told_as_one_types() {
    let (_server, browser) = open(300).await;
    type_filter(&browser, "/post(").await;
    let error = "return document.querySelector('[data-testid=filter-error]').innerText";
    let error = browser.until("an error", error).await;
    assert!(error.as_str().unwrap().contains("/post(/"), "{error}");
    browser.keep("list-filter-error").await;
    type_filter(&browser, "gres)/").await;
    let only = format!(
        "const rows = {ROWS}; return rows.length > 0
            && rows.every(r => r.innerText.includes('postgres'))
            && document.querySelector('[data-testid=filter-error]').innerText === ''"
    );
    browser.until("only those rows", &only).await;
    browser.close().await;
}

#[tokio::test]
async fn scrolling_reaches_the_last_of_thousands() {
    let (_server, browser) = open(3_000).await;
    let end = "const s = document.querySelector('[data-testid=list-scroll]');
        s.scrollTop = s.scrollHeight;
        const rows = Number(document.querySelector('[aria-rowcount]').ariaRowCount);
        const last = document.querySelector(`[aria-rowindex=\"${rows}\"]`);
        if (!last || rows < 1000) return false;
        const [a, b] = [last.getBoundingClientRect(), s.getBoundingClientRect()];
        return a.top >= b.top && a.bottom <= b.bottom + 1";
    browser.until("the last row is seen", end).await;
    let built = format!("return {ROWS}.length < 100");
    browser.until("few rows are built", &built).await;
    browser.keep("list-end").await;
    // Who scrolls goes on, and who does not sees nothing of other rows.
    let back = "document.querySelector('[data-testid=list-scroll]').scrollTop = 500";
    browser.run(back).await;
    let built = format!("return {UNSEEN}");
    browser.until("rows beside those in view", &built).await;
    let built = format!("return !({UNSEEN})");
    browser.until("none a moment later", &built).await;
    browser.close().await;
}

#[tokio::test]
async fn a_pin_survives_order_and_filter() {
    let (_server, browser) = open(300).await;
    let pin = format!(
        "const row = {ROWS}.find(r => r.ariaRowIndex === '5');
        row.querySelector('.pin').click(); return row.dataset.key"
    );
    let key = browser.run(&pin).await;
    let first = format!(
        "const row = {ROWS}.find(r => r.ariaRowIndex === '2');
        return row?.dataset.key === {key} && row.classList.contains('pinned')"
    );
    browser.until("it is on top", &first).await;
    let sort = "document.querySelector('[data-sort=name]').click()";
    browser.run(sort).await;
    let sorted = "return document.querySelector('th.c-name').ariaSort === 'ascending'";
    browser.until("the order is another", sorted).await;
    browser.until("it is on top", &first).await;
    type_filter(&browser, "no such thing").await;
    let alone = format!("return {ROWS}.length === 1");
    browser.until("the others are filtered away", &alone).await;
    browser.until("it is on top", &first).await;
    browser.keep("list-pinned").await;
    browser.close().await;
}

#[tokio::test]
async fn the_focus_stays_with_its_series() {
    let (_server, browser) = open(300).await;
    browser.resize(1280, 900).await;
    // By a press, which holds no order once the pointer is away.
    let at = format!(
        "const box = {ROWS}.find(r => r.ariaRowIndex === '8').getBoundingClientRect();
        return [box.left + 60, box.top + 12]"
    );
    let at = browser.run(&at).await;
    click(&browser, at[0].as_f64().unwrap(), at[1].as_f64().unwrap()).await;
    let key = browser
        .run("return document.activeElement.dataset.key")
        .await;
    // Its place changes with the updates, and its element does not.
    let moved = format!(
        "const r = document.activeElement;
        window.placesSeen ??= new Set(); window.placesSeen.add(r.ariaRowIndex);
        if (r.dataset.key !== {key}) throw new Error('on ' + r.outerHTML);
        return window.placesSeen.size > 3"
    );
    browser.until("it has moved", &moved).await;
    browser.keep("list-focus").await;
    browser.close().await;
}

/// Numbers lie over the rows: each stands in the line of the row that owns it and under its head, wherever the rows are.
#[tokio::test]
async fn each_row_has_its_own_numbers_in_its_line() {
    let (_server, browser) = open(300).await;
    let astray = format!(
        "const box = e => e.getBoundingClientRect(), list = box(document.querySelector('[data-testid=list-scroll]'));
        const stand = (row, cell) => {{
            const middle = (box(cell).top + box(cell).bottom) / 2, head = document.querySelector('th.' + cell.parentElement.className);
            return middle > box(row).top && middle < box(row).bottom && Math.abs(box(head).right - 8 - box(cell).right) < 1;
        }};
        const rows = {ROWS}, owned = rows.map({CELLS});
        const seen = rows.filter(row => box(row).bottom > list.top + 25 && box(row).top < list.bottom);
        const right = rows.filter((row, i) => owned[i].length === 6 && owned[i][0].innerText.trim() === row.dataset.key.split('@')[0]
            && owned[i].filter(cell => cell.getClientRects().length).every(cell => stand(row, cell)));
        const without = seen.filter(row => !right.includes(row));
        const twice = owned.flat().length - new Set(owned.flat()).size;
        return seen.length > 5 && without.length === 0 && twice === 0"
    );
    browser.until("at the top", &astray).await;
    let scroll = "document.querySelector('[data-testid=list-scroll]').scrollTop = 1000";
    browser.run(scroll).await;
    let there = format!("return {ROWS}.some(row => row.ariaRowIndex > 40)");
    browser.until("the rows there", &there).await;
    browser.until("further down", &astray).await;
    // A row that has the focus keeps its element, and so may stand in another's line, or be out of view.
    let focus =
        format!("{ROWS}.find(row => row.ariaRowIndex === '46').focus({{ preventScroll: true }})");
    browser.run(&focus).await;
    browser.until("with the focus", &astray).await;
    browser
        .run("document.querySelector('[data-testid=list-scroll]').scrollTop = 0")
        .await;
    let away = format!(
        "return {ROWS}.some(row => row === document.activeElement && {CELLS}(row).length === 0)"
    );
    browser.until("the focus is out of view", &away).await;
    browser.until("at the top again", &astray).await;
    browser.keep("list-numbers").await;
    browser.close().await;
}

/// Clicks, and goes away to the map.
async fn click(browser: &Browser, x: f64, y: f64) {
    let button = MOUSE_BUTTON_LEFT;
    let hand = MouseActions::new("hand".to_owned())
        .then(to(x, y))
        .then(PointerAction::Down { button })
        .then(PointerAction::Up { button })
        .then(to(300.0, 300.0));
    browser.page.perform_actions(hand).await.expect("a click");
}

async fn point(browser: &Browser, x: f64, y: f64) {
    let hand = MouseActions::new("hand".to_owned()).then(to(x, y));
    browser.page.perform_actions(hand).await.expect("a hand");
}

fn to(x: f64, y: f64) -> PointerAction {
    let duration = None;
    PointerAction::MoveTo { duration, x, y }
}

const PLACES: &str = "[...document.querySelectorAll('[data-testid=process-row]:not([hidden])')]
    .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map(r => r.dataset.key).slice(0, 10).join()";

/// Whether rows are built that are out of view.
const UNSEEN: &str = "(() => {
    const end = document.querySelector('[data-testid=list-scroll]').getBoundingClientRect().bottom;
    const rows = document.querySelectorAll('[data-testid=process-row]:not([hidden])');
    return [...rows].some(r => r.getBoundingClientRect().top > end + 24);
})()";

const STATE: &str = "document.querySelector('[data-testid=list-state]').innerText";

/// Numbers go on under a hand, and rows stay where they are; when it leaves, they are sorted at once.
#[tokio::test]
async fn the_order_is_held_under_a_hand() {
    let (_server, browser) = open(300).await;
    let at = format!(
        "const box = {ROWS}.find(r => r.ariaRowIndex === '5').getBoundingClientRect();
        return [box.left + 60, box.top + 12]"
    );
    let at = browser.run(&at).await;
    point(&browser, at[0].as_f64().unwrap(), at[1].as_f64().unwrap()).await;
    browser
        .until(
            "the list says it",
            &format!("return {STATE}.includes('held')"),
        )
        .await;
    // It may scroll; and the name that it is over may be cut short.
    let ready = format!(
        "{UNSEEN} && {ROWS}.some(r => r.querySelector('.name').title === r.querySelector('.name').innerText)"
    );
    browser
        .until("it finds what it may want", &format!("return {ready}"))
        .await;
    let wait = format!(
        "const numbers = document.querySelector('.columns .c-rate').innerText;
        window.held ??= {PLACES};
        if (window.held !== {PLACES}) throw new Error(window.held + ' became ' + {PLACES});
        window.numbersSeen ??= new Set(); window.numbersSeen.add(numbers);
        return window.numbersSeen.size > 3"
    );
    browser.until("numbers go on", &wait).await;
    browser.keep("list-held").await;
    let sort = "document.querySelector('[data-sort=id]').click()";
    browser.run(sort).await;
    let sorted = format!(
        "const keys = {PLACES}.split(',').map(Number);
        return keys.every((key, i) => i === 0 || keys[i - 1] < key)"
    );
    browser
        .until("another order is one's own wish", &sorted)
        .await;
    browser
        .run("document.querySelector('[data-sort=\"wait time\"]').click()")
        .await;
    point(&browser, 300.0, 300.0).await;
    browser
        .until(
            "nobody holds it",
            &format!("return {STATE} === '' && 'free'"),
        )
        .await;
    let built = format!("return !({UNSEEN})");
    browser.until("what nobody sees is not built", &built).await;
    let before = browser.run(&format!("return {PLACES}")).await;
    let moved = format!("return {PLACES} !== {before}");
    browser.until("rows go on changing places", &moved).await;
    browser.close().await;
}

#[tokio::test]
async fn all_of_a_name_are_one_row_that_opens() {
    let (_server, browser) = open(300).await;
    browser
        .run("document.querySelector('[data-testid=by-name]').click()")
        .await;
    let group = format!(
        "const row = {ROWS}.find(r => r.querySelector('.name-end').textContent.startsWith(' × '));
        return row && ['.name-head', '.name-end'].map(part => row.querySelector(part).textContent)"
    );
    let group = browser.until("a group", &group).await;
    browser.keep("list-by-name").await;
    browser
        .until(
            "the address says it",
            "return location.search.includes('group=name')",
        )
        .await;
    let name = group[0].as_str().expect("a name").to_owned();
    let many: usize = group[1].as_str().expect("how many")[" × ".len()..]
        .parse()
        .expect("a number");
    let open =
        format!("{ROWS}.find(r => r.querySelector('.name-head').innerText === '{name}').click()");
    browser.run(&open).await;
    let members = format!(
        "const rows = {ROWS};
        return rows.length > 1 && rows.every(r => r.querySelector('.name-head').innerText === '{name}')
            && Number(document.querySelector('[data-testid=filter-count]').innerText.split(' ')[0])"
    );
    let found = browser.until("its series", &members).await;
    let found = found.as_u64().expect("a number") as usize;
    assert!(found * 2 > many && found < many * 2, "{found} of {many}");
    let written = "return location.search.includes('filter=')";
    browser.until("the address says it", written).await;
    browser.run("history.back()").await;
    let again = format!(
        "return {ROWS}.some(r => r.querySelector('.name-end').textContent.startsWith(' × '))"
    );
    browser.until("back by name", &again).await;
    browser.close().await;
}

/// Where there is room for the kernel's names nothing clips them, and longer ones are cut wherever they are.
#[tokio::test]
async fn no_name_is_written_over_what_stands_beside_it() {
    let writes_over = format!(
        "const text = (e) => {{ const r = new Range(); r.selectNodeContents(e); return r.getBoundingClientRect(); }};
        const cut = (e) => getComputedStyle(e).overflowX === 'hidden';
        const over = {ROWS}.filter((row) => {{
            const cell = row.querySelector('.c-name').getBoundingClientRect();
            return [...row.querySelectorAll('.name > span')].some((part) => cut(part)
                ? part.getBoundingClientRect().right > cell.right + 1
                : text(part).right > text({CELLS}(row)[0]).left);
        }});
        return over.map((row) => row.innerText)"
    );
    for (by, are_cut) in [("process", false), ("cgroup", true)] {
        let server = Server::start(&["--demo=300", "--by", by, "--interval", "100ms"]);
        let browser = Browser::open(1280, 720).await;
        browser.page.goto(&server.url()).await.expect("a page");
        let rows = format!("return {ROWS}.length > 3");
        browser.until("rows", &rows).await;
        let cut = format!(
            "return {ROWS}.some(r => getComputedStyle(r.querySelector('.name-head')).overflowX === 'hidden')"
        );
        assert_eq!(browser.run(&cut).await, are_cut, "by {by}");
        for width in [1280, 1000, 400] {
            browser
                .page
                .set_window_size(width, 720)
                .await
                .expect("another width");
            let over = browser.run(&writes_over).await;
            assert_eq!(over, serde_json::json!([]), "by {by} in {width} px");
        }
        browser.keep(&format!("list-names-{by}")).await;
        browser.close().await;
    }
}

/// A browser sets up another font anew whenever one comes that no row had, and takes longer for it than for all texts.
#[tokio::test]
async fn who_is_gone_is_struck_through_in_the_same_font() {
    let (_server, browser) = open(300).await;
    // In the demonstration they come and go.
    type_filter(&browser, "cc1").await;
    let looks = format!(
        "const looks = (is) => {{
            const row = {ROWS}.find((row) => row.classList.contains('gone') === is);
            const style = row && getComputedStyle(row.querySelector('.name'));
            return style && [row.title, style.textDecorationLine, style.color, style.font];
        }};
        const both = [looks(true), looks(false)];
        return both.every(Boolean) && both"
    );
    let both = browser
        .until("one that is gone and one that is not", &looks)
        .await;
    let [gone, here] = [0, 1].map(|at| both[at].as_array().unwrap());
    assert_eq!(gone[..2], ["this process is gone", "line-through"]);
    assert_eq!(here[..2], ["", "none"]);
    assert_ne!(gone[2], here[2], "both have the same colour");
    assert_eq!(gone[3], here[3], "another font");
    browser.keep("list-gone").await;
    browser.close().await;
}

const TIME: &str = "document.querySelector('[data-testid=list-time]').innerText";

/// The list is about what the map shows, and says so: the same waits as a script is told of that time.
#[tokio::test]
async fn looking_back_lists_who_waited_then() {
    let (_server, browser) = open(60).await;
    browser.painted(100).await;
    browser
        .until("live", &format!("return /^last \\d+/.test({TIME})"))
        .await;
    press(&browser, " ").await;
    let told = format!("return /^\\d+:\\d\\d:\\d\\d – /.test({TIME}) && {TIME}");
    let paused = browser.until("its time", &told).await;
    browser.keep("list-past").await;
    let seconds = |times: &str| {
        let of = |time: &str| {
            time.split(':')
                .fold(0.0, |s, p| s * 60.0 + p.trim().parse::<f64>().unwrap())
        };
        let (from, to) = times.split_once(" – ").expect("two times");
        of(to) - of(from)
    };
    assert!(seconds(paused.as_str().unwrap()) > 8.0, "{paused}");
    let compare = format!(
        "return fetch('/api/v1/span?from_seq=1&to_seq=100000').then(r => r.json()).then(known => {{
            const row = {ROWS}.find(r => r.ariaRowIndex === '2');
            return known.series.some(s => s.key === Number(row.dataset.key.split('@')[0])) && row.innerText;
        }})"
    );
    browser.until("who waited", &compare).await;
    // A hand that moves time asks about that.
    press(&browser, "+").await;
    press(&browser, "[").await;
    let another = format!(
        "return {TIME} !== '{}' && {TIME}.includes(' – ')",
        paused.as_str().unwrap()
    );
    browser.until("another time", &another).await;
    // The histogram is of the same time.
    let title = "document.querySelector('[data-testid=histogram-title]').innerText";
    let same = format!(
        "const [from, to] = {TIME}.split(' – ');
        return {title}.includes('time shown') && {title}.includes(from) && {title}.includes(to)"
    );
    browser.until("the histogram of it", &same).await;
    press(&browser, "l").await;
    browser
        .until("live again", &format!("return /^last \\d+/.test({TIME})"))
        .await;
    browser
        .until("its newest", &format!("return {title}.includes('newest')"))
        .await;
    browser.close().await;
}

/// They are drawn over the rows: where paths have the room that bars have elsewhere, there are none.
#[tokio::test]
async fn bars_lie_in_their_column_and_nowhere_without_one() {
    for (by, bars) in [("process", "in their column"), ("cgroup", "none")] {
        let server = Server::start(&["--demo=60", "--interval", "100ms", "--by", by]);
        let browser = Browser::open(1280, 720).await;
        browser.page.goto(&server.url()).await.expect("a page");
        browser.painted(20).await;
        let found = format!(
            "const box = e => e.getBoundingClientRect(), shape = box(document.querySelector('[data-testid=shares]'));
            if ({ROWS}.length < 3) return false;
            if (shape.width === 0) return 'none';
            const head = box(document.querySelector('th.c-wait'));
            const apart = [shape.left - head.left - 8, head.right - shape.right - 92];
            return apart.every(px => Math.abs(px) < 0.1) ? 'in their column' : `elsewhere: ${{apart}}`"
        );
        let found = browser.until("rows", &found).await;
        assert_eq!(found, bars, "by {by}");
        browser.close().await;
    }
}
