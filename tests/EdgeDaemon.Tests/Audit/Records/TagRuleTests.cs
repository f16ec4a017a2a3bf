using System.Text.Unicode;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Tests.Audit.Records;

/// <summary>The two short forms of a record's rules, against the long ones.</summary>
[TestClass]
public sealed class TagRuleTests
{
    [TestMethod]
    public void Every_tag_says_what_its_field_s_row_says()
    {
        Assert.AreEqual(TagRule.Tags, TagRule.All.Length);
        int known = 0;
        for (int tag = 0; tag < TagRule.Tags; tag++)
        {
            TagRule told = TagRule.All[tag];
            var form = (FieldForm)(tag & 7);
            FieldRule? rule = FieldRule.Of((RecordField)(tag >> 3));
            Assert.AreEqual(rule is not null, told.IsKnown, $"tag {tag}");
            if (rule is null)
            {
                continue;
            }

            bool fits = form switch
            {
                FieldForm.Number => rule.Form == FieldForm.Number,
                FieldForm.Text or FieldForm.CutText => rule.Form == FieldForm.Text,
                FieldForm.Bytes => rule.Form == FieldForm.Bytes,
                FieldForm.Redacted => rule.Form == FieldForm.Text && rule.IsIdentifying,
                _ => false,
            };
            Assert.AreEqual((!fits, rule.IsList), (told.IsAnother, told.IsList), $"{rule.Name} as {form}");
            Assert.AreEqual(fits && form is FieldForm.Text or FieldForm.CutText or FieldForm.Bytes ? rule.Bound : 0, fits ? (int)told.Bound : 0, $"{rule.Name} as {form}");
            known += fits ? 1 : 0;
        }

        Assert.IsGreaterThan(80, known);
    }

    [TestMethod]
    public void A_text_is_valid_where_the_framework_says_so()
    {
        byte[][] marks = [[0x7F], [0x80], [0xC3, 0xA9], [0xC3], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98, 0x80], [0xFF]];
        for (int length = 0; length <= 80; length++)
        {
            for (int at = 0; at <= length; at++)
            {
                foreach (byte[] mark in marks)
                {
                    byte[] text = new byte[length];
                    text.AsSpan().Fill((byte)'a');
                    mark.AsSpan(0, Math.Min(mark.Length, length - at)).CopyTo(text.AsSpan(at));
                    Assert.AreEqual(Utf8.IsValid(text), ShortUtf8.IsValid(text), Convert.ToHexString(text));
                }
            }
        }
    }
}
