using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Hosting;

/// <summary>
/// One thing that takes a new configuration while the daemon runs. It makes what it needs beside what is in force, and gives back what puts that in
/// its place, which cannot fail.
/// </summary>
/// <param name="settings">Checked already.</param>
/// <param name="errors">Whatever is wrong with files and accounts that the settings name; with one or more, nothing is put in place.</param>
internal delegate Action ReloadPart(EdgedSettings settings, ICollection<string> errors);
