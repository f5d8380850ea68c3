"""The words of a report in English and Chinese; each pair says the same."""

from __future__ import annotations

from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import say
from paddle_ner.evaluation.diagnosis.findings import Finding

KINDS: dict[str, tuple[str, str]] = {
    "missed": ("missed", "漏标"),
    "invented": ("invented", "误报"),
    "borders": ("wrong borders", "边界错误"),
    "type": ("wrong type", "类型错误"),
    "both": ("borders and type", "边界和类型都错"),
    "wrong": ("wrong class", "类别错误"),
    "other right": ("right by the other model", "另一模型正确"),
    "other wrong": ("wrong by both models", "两个模型都错"),
}

BORDERS = {"longer": ("too long", "过长"), "shorter": ("too short", "过短"), "shifted": ("shifted", "错位")}

SCHEMES = {
    "strict": ("span and type right", "边界和类型都对"),
    "exact": ("span right", "边界对，类型不论"),
    "partial": ("span overlaps: half a point", "边界部分重叠记半分"),
    "type": ("type right, span overlaps", "类型对，边界有重叠"),
}

SEEN = {
    "seen": ("seen", "见过"),
    "other": ("another type", "类型不同"),
    "unseen": ("unseen", "未见过"),
}

_FINDINGS: dict[str, tuple[str, str]] = {
    "low": (
        "<b>At {value:.0%}, start with the basics.</b> What usually helps: run <code>paddle-ner data check</code>"
        " on train and dev (contradicting labels limit every model); start from pretrained weights"
        " (<code>model.pretrained: starter</code>, or <code>ernie-3.0-medium-zh</code> with a network) instead of"
        " random ones; train until the dev score stops rising (see <code>curves.html</code> of the run); label a"
        " few hundred examples of each label by one written rule; use training texts of the same kind as these.",
        "<b>得分只有 {value:.0%}，先做好基础工作。</b>通常有效的做法：用 <code>paddle-ner data check</code> 检查"
        "训练集和开发集（标注互相矛盾时，任何模型都学不好）；使用预训练权重（<code>model.pretrained:"
        " starter</code>，联网时可用 <code>ernie-3.0-medium-zh</code>），不要从随机权重开始；训练到开发集得分不再"
        "上升（见训练目录中的 <code>curves.html</code>）；每个标签按同一份书面规则标注几百条；训练文本要与这里的"
        "文本同类。",
    ),
    "worst type": (
        "<b>Label more {label} first:</b> {share:.0%} of all errors concern it (F1 {f1:.1%}). The list below"
        " shows the names that are missed or invented most often.",
        "<b>优先补充标注 {label}：</b>全部错误中有 {share:.0%} 属于它（F1 {f1:.1%}）。下面列出最常漏标和误报的名称。",
    ),
    "worst class": (
        "<b>Label more {label} first</b> (F1 {f1:.1%}). Most often {gold} is taken for {found} ({count} times):"
        " write down how the two differ, and look at these examples below.",
        "<b>优先补充标注 {label}</b>（F1 {f1:.1%}）。最常见的是把 {gold} 当作 {found}（{count} 次）：请写明两者的"
        "区别，并查看下面的样本。",
    ),
    "worst label": (
        "<b>Label more {label} first:</b> {share:.0%} of all errors concern it (F1 {f1:.1%}).",
        "<b>优先补充标注 {label}：</b>全部错误中有 {share:.0%} 属于它（F1 {f1:.1%}）。",
    ),
    "few": (
        "<b>Too few in training:</b> {labels}. A label with fewer than {least} examples is hard to learn.",
        "<b>训练样本太少：</b>{labels}。少于 {least} 条的标签很难学好。",
    ),
    "missed": (
        "<b>{share:.0%} of the errors are missed entities.</b> Label more texts with such names. Names that can"
        " be listed can go beside the model with <code>--terms</code>. Check whether some of them are unlabelled"
        " in the training data.",
        "<b>{share:.0%} 的错误是漏标。</b>请多标注含有这类名称的文本；能列出的名称可以用 <code>--terms</code> 作"
        "为词表与模型一起使用；并检查训练集中是否有漏标。",
    ),
    "invented": (
        "<b>{share:.0%} of the errors are invented entities.</b> Add texts without entities to the training data,"
        " and check whether the annotators overlooked what the model found. <code>--min-score</code> leaves out"
        " entities with low scores.",
        "<b>{share:.0%} 的错误是误报。</b>训练集里也要有不含实体的文本；检查模型找到的是否其实是标注遗漏；"
        "<code>--min-score</code> 可以去掉低分结果。",
    ),
    "borders": (
        "<b>{share:.0%} of the errors are wrong borders.</b> The annotation is often inconsistent: write down"
        " whether titles, brackets and parts of names belong to an entity, then correct the training data.",
        "<b>{share:.0%} 的错误是边界错误。</b>往往是标注标准不一致：请写明称谓、括号、名称的组成部分是否算在实体"
        "内，再修正训练数据。",
    ),
    "type": (
        "<b>{share:.0%} of the errors have the right span but the wrong type,</b> most often {gold} taken for"
        " {found} ({count} times). Write down how the two differ, and label texts in which only the context tells"
        " them apart.",
        "<b>{share:.0%} 的错误是边界正确而类型错误，</b>最常见的是把 {gold} 当作 {found}（{count} 次）。请写明两"
        "者的区别，并补充只能靠上下文区分的文本。",
    ),
    "unseen": (
        "<b>New names are hard:</b> the model finds {unseen:.0%} of the names that are not in the training data,"
        " and {seen:.0%} of those that are. Label texts with different names rather than more of the same.",
        "<b>新名称难以识别：</b>训练中没出现过的名称召回率为 {unseen:.0%}，出现过的为 {seen:.0%}。请标注含有不同"
        "名称的文本，而不是更多同样的名称。",
    ),
    "repeated": (
        "<b>{count} of these texts are also in the training data:</b> the score is too good."
        " <code>--unseen</code> leaves them out.",
        "<b>有 {count} 条文本也在训练数据中：</b>得分偏高。<code>--unseen</code> 可以排除它们。",
    ),
    "length": (
        "<b>Texts of {worst} characters are the weakest</b> (F1 {f1:.1%}; the best length has {best:.1%}). Add"
        " training texts of that length, or split these as the training texts were split.",
        "<b>长度为 {worst} 个字符的文本最弱</b>（F1 {f1:.1%}，最好的长度为 {best:.1%}）。请加入这种长度的训练文本"
        "，或按训练文本的方式切分。",
    ),
    "least score": (
        "<b>With --min-score {score:g} F1 is {f1:.1%}.</b> Choose it on dev data, not on the test set.",
        "<b>--min-score {score:g} 的 F1 为 {f1:.1%}。</b>请在开发集上选择，不要用测试集。",
    ),
    "calibration": (
        "<b>Scores are off by {error:.0%} on average:</b> do not read them as probabilities. <code>train</code>"
        " fits a temperature, which works if the dev data are like the real texts.",
        "<b>分数平均偏差 {error:.0%}：</b>不能当作概率使用。开发集与真实文本同类时，<code>train</code> 会拟合温度"
        "来校准。",
    ),
    "calibration of classes": (
        "<b>Scores are off by {error:.0%} on average:</b> do not read them as probabilities.",
        "<b>分数平均偏差 {error:.0%}：</b>不能当作概率使用。",
    ),
    "wide": (
        "<b>The test set is small:</b> the true score may lie anywhere from {low:.1%} to {high:.1%}. About"
        " {examples:,} examples would give a range of four points.",
        "<b>测试集太小：</b>真实得分可能在 {low:.1%} 到 {high:.1%} 之间。约 {examples:,} 条样本才能把范围缩小到四"
        "个百分点。",
    ),
}


def worded(finding: Finding) -> str:
    """What to do, as HTML in both languages."""
    values = {name: safe(value) if isinstance(value, str) else value for name, value in finding.values.items()}
    english, chinese = _FINDINGS[finding.name]
    return say(english.format(**values), chinese.format(**values))
