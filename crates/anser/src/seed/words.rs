//! What made-up people write: short and long, many scripts, emoji, links, code; the same for the same dice.

use super::dice::Dice;

const SHORT: [&str; 14] = [
    "ok",
    "Yes, let's do that.",
    "On my way, ten minutes.",
    "Did you see the new build? It starts much faster now.",
    "好的，明天见。",
    "收到，我下午看一下再回复你。",
    "今天的会议改到三点半，地点不变。",
    "了解です。あとで確認します。",
    "ありがとうございます！",
    "مرحبا، كيف حالك اليوم؟",
    "שלום, נדבר מחר בבוקר.",
    "Ça marche, à demain !",
    "Schöne Grüße aus dem Zug, der Empfang ist schlecht.",
    "Половина готова, остальное завтра.",
];

const LONG: [&str; 5] = [
    "I went through the notes from last week and most of it still holds. The only thing I would change is the order: \
     first the part that everybody needs, then the parts that only some of us need, and the exceptions at the very \
     end where they do not get in the way. ",
    "这个方案我仔细看了一遍，总体没有问题。需要注意的是第二步和第三步之间的间隔，如果网络不好，可能会等很久才有结果，\
     所以界面上最好一直能看到进度，不要让人以为卡住了。",
    "昨日の件ですが、原因が分かりました。設定ファイルの一行が古いままになっていたため、再起動のたびに元に戻っていました。\
     今朝直しましたので、もう一度試していただけますか。",
    "اقترح أن نبدأ بالجزء الأول هذا الأسبوع، ثم نراجع النتائج معا يوم الخميس قبل أن نقرر ما سنفعله بعد ذلك. ",
    "Mixed lines happen too: the word שלום stands in the middle, 中文在这里, and the sentence goes on to its end. ",
];

const EMOJI_ONLY: [&str; 8] = ["👍", "😂😂", "🎉🎉🎉", "❤️", "👩🏽‍👩🏻‍👧🏿‍👦🏼", "🏳️‍🌈", "🇳🇱🇯🇵", "🙏🏾"];

const LINKS: [&str; 4] = [
    "It is all written down here: https://example.org/guide/getting-started?lang=en#first-steps",
    "看这个 https://example.org/文档/入门 ，第三节讲得很清楚。",
    "https://example.com/",
    "Two of them: https://example.net/a_(b) and http://example.org:8080/path/to/a/rather/deep/place.html.",
];

const CODE: [&str; 3] = [
    "fn main() {\n    let words = [\"one\", \"two\"];\n    for word in words {\n        println!(\"{word}\");\n    }\n}",
    "$ anser serve --data ./anser-data\nAnser is ready.\n  open   http://127.0.0.1:8080/",
    "{\n  \"name\": \"a rather long line that does not break by itself\", \"numbers\": [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]\n}",
];

/// One text; it ends with its number, so that two of them are rarely the same and a reader sees where they are.
pub(super) fn text(dice: &mut Dice, number: u64) -> String {
    match dice.below(100) {
        0..=54 => format!("{} ({number})", dice.one_of(&SHORT)),
        55..=69 => format!("{} {} ({number})", dice.one_of(&SHORT), dice.one_of(&SHORT)),
        70..=81 => {
            let times = 1 + dice.below(4);
            let mut text = dice.one_of(&LONG).repeat(times);
            text.push_str(&format!(" ({number})"));
            text
        }
        82..=88 => (*dice.one_of(&EMOJI_ONLY)).to_owned(),
        89..=90 => format!("{} 😀 {number} 🥟🧋", dice.one_of(&SHORT)),
        91..=94 => (*dice.one_of(&LINKS)).to_owned(),
        95..=97 => (*dice.one_of(&CODE)).to_owned(),
        98 => format!("{}{number}", "donaudampfschifffahrtsgesellschaft".repeat(2 + dice.below(9))),
        _ => (1..=3 + dice.below(12)).map(|line| format!("{line}. {}\n", dice.one_of(&SHORT))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::limits::TEXT_CHARS_MAX;

    use super::*;

    #[test]
    fn every_text_may_be_sent_and_is_the_same_again() {
        let mut distinct = std::collections::BTreeSet::new();
        for number in 0..2_000 {
            let written = text(&mut Dice::of(&[7, number]), number);
            assert!((1..=TEXT_CHARS_MAX).contains(&written.chars().count()), "{written}");
            assert_eq!(written, text(&mut Dice::of(&[7, number]), number));
            distinct.insert(written);
        }
        assert!(distinct.len() > 1_500, "only {} different texts", distinct.len());
        for script in ["build", "明天", "です", "مرحبا", "שלום", "👍", "https://", "fn main", "donau"]
        {
            assert!(distinct.iter().any(|text| text.contains(script)), "nobody wrote {script}");
        }
    }
}
