namespace EdgeDaemon.Ctl.Images;

/// <summary>A netpbm header: <paramref name="Max"/> is the value of full white; plain samples are decimal text.</summary>
internal readonly record struct NetpbmHeader(int Width, int Height, int Channels, int Max, bool Plain);
