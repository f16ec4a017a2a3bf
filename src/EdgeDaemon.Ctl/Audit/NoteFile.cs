using System.Text.Json;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>A signed checkpoint that was kept elsewhere: the note itself, or an exported record of kind checkpoint (one line of JSON).</summary>
internal static class NoteFile
{
    /// <exception cref="CtlException">It is none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SignedNote Read(string file)
    {
        byte[] bytes = SafeFileRead.Read(file, SignedNote.Longest);
        try
        {
            var note = SignedNote.Parse(bytes is [(byte)'{', ..] ? FromJson(bytes, file) : bytes);
            Checkpoint.Of(note);
            return note;
        }
        catch (AuditFormatException broken)
        {
            throw new CtlException($"{file}: is no checkpoint of an audit log: {broken.Message}", broken);
        }
    }

    private static byte[] FromJson(byte[] bytes, string file)
    {
        try
        {
            using JsonDocument line = JsonDocument.Parse(bytes);
            if (line.RootElement.TryGetProperty("note", out JsonElement note) && note.GetString() is { } text)
            {
                return System.Text.Encoding.UTF8.GetBytes(text);
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new CtlException($"{file}: is neither a note nor one exported record: {broken.Message}", broken);
        }

        throw new CtlException($"{file}: is a record without a note: a record of kind checkpoint is needed");
    }
}
