using EdgeDaemon.Ctl;

return EdgeCtl.Run(args, Console.Out, Console.Error);
