using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Listeners;
using EdgeDaemon.Tests.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Answers to calls, of which some are left to the thread on their caller's core: a server with HTTP/2's preface and a protocol of its own behind it, on the threads that HTTP/2 has.</summary>
[TestClass]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class LeftAnswersTests : IAsyncDisposable
{
    private const int Callers = 8;
    private const int Question = 8;
    private const int Answer = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("edged-left-").FullName, "s");
    private readonly SegmentPool _segments = new();
    private readonly SocketThreads _threads = new(2);
    private readonly List<Task> _served = [];
    private IConnectionListener _listener = null!;
    private int _left;
    private int _leftLast;

    [TestInitialize]
    public async Task Listen()
    {
        EdgedSettings settings = EdgedSettings.Parse(Encoding.UTF8.GetBytes($"format = 1\nlisten = [{{ name = \"a\", unix = \"{_path}\", exposes = [\"inference\"] }}]"), "t");
        ListenSettings listen = settings.Listeners[0];
        var transport = new SocketTransport(TestConnections.Unlimited(settings), _segments, _threads, InheritedSockets.None, new ListenPause(), _ => new UnixGreeting(listen, settings.Limits), new SenderCheck(NullLogger.Instance), NullLogger.Instance);
        _listener = await transport.BindAsync(new WireEndPoint(listen, Wire.Http2));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        await _listener.UnbindAsync();
        _threads.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    /// <summary>Each answer in two flushes, the second of which may find the first left and not gone.</summary>
    [TestMethod]
    public async Task Every_answer_comes_whole_in_order_and_to_its_own_caller()
    {
        const int Rounds = 4000;
        Socket[] callers = await ConnectAsync(connection => ServeAsync(connection, long.MaxValue));
        OnThreads(number =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                Ask(callers[number], number, round);
                Read(callers[number], number, round);
            }
        });

        foreach (Socket caller in callers)
        {
            caller.Dispose();
        }

        await Task.WhenAll(_served).WaitAsync(Patience);
        Assert.AreEqual(_segments.AllocatedBytes, _segments.WaitingBytes, "a block is still held");
        if (Environment.ProcessorCount > 1)
        {
            Assert.AreNotEqual(0, _left, "nothing was left to another thread: the test shows nothing");
        }
    }

    /// <summary>A client with several calls under way asks without waiting, and reads late.</summary>
    [TestMethod]
    public async Task Answers_that_wait_for_room_come_when_their_caller_reads()
    {
        const int Rounds = 4000; // 1.2 MB of answers for each caller: more than any buffer on the way.
        Socket[] callers = await ConnectAsync(connection => ServeAsync(connection, long.MaxValue));
        Task asked = Task.Factory.StartNew(
            () => OnThreads(number =>
            {
                for (int round = 0; round < Rounds; round++)
                {
                    Ask(callers[number], number, round);
                }
            }),
            TaskCreationOptions.LongRunning);
        OnThreads(number =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (round % 1000 == 0)
                {
                    Thread.SpinWait(100_000);
                }

                Read(callers[number], number, round);
            }
        });
        await asked.WaitAsync(Patience);
        foreach (Socket caller in callers)
        {
            caller.Dispose();
        }

        await Task.WhenAll(_served).WaitAsync(Patience);
        Assert.AreEqual(_segments.AllocatedBytes, _segments.WaitingBytes, "a block is still held");
    }

    /// <summary>The last answer before the end, left or not, goes before it.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task An_answer_that_was_left_goes_before_the_end_of_its_connection(bool abrupt)
    {
        for (int i = 0; i < 200 && _leftLast < 3; i++)
        {
            int rounds = 20 + (i % 20);
            Socket[] callers = await ConnectAsync(connection => ServeAsync(connection, rounds, abrupt));
            OnThreads(number =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    Ask(callers[number], number, round);
                    Read(callers[number], number, round);
                }

                Assert.AreEqual(0, callers[number].Receive(new byte[1]));
                callers[number].Dispose();
            });
            await Task.WhenAll(_served).WaitAsync(Patience);
            Assert.AreEqual(_segments.AllocatedBytes, _segments.WaitingBytes, "a block is still held");
        }

        if (Environment.ProcessorCount > 1)
        {
            Assert.AreNotEqual(0, _leftLast, "no last answer was left: the test shows nothing");
        }
    }

    /// <summary>Callers that vanish between question and answer.</summary>
    [TestMethod]
    public async Task What_was_left_for_a_caller_that_has_gone_is_given_back()
    {
        var random = new Random(3);
        for (int i = 0; i < 6; i++)
        {
            int[] rounds = [.. Enumerable.Range(0, Callers).Select(_ => random.Next(1, 300))];
            Socket[] callers = await ConnectAsync(connection => ServeAsync(connection, long.MaxValue));
            OnThreads(number =>
            {
                for (int round = 0; round < rounds[number]; round++)
                {
                    Ask(callers[number], number, round);
                    Read(callers[number], number, round);
                }

                Ask(callers[number], number, rounds[number]);
                callers[number].Dispose();
            });
            await Task.WhenAll(_served).WaitAsync(Patience);
            Assert.AreEqual(_segments.AllocatedBytes, _segments.WaitingBytes, "a block is still held");
        }
    }

    private async Task<Socket[]> ConnectAsync(Func<ConnectionContext, Task> serve)
    {
        _served.Clear();
        var callers = new Socket[Callers];
        for (int i = 0; i < Callers; i++)
        {
            callers[i] = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
            callers[i].Connect(new UnixDomainSocketEndPoint(_path));
            callers[i].Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
            ConnectionContext connection = (await _listener.AcceptAsync().AsTask().WaitAsync(Patience))!;
            _served.Add(Task.Run(() => serve(connection)));
        }

        return callers;
    }

    // Of their own: the pool's are the server's here.
    private static void OnThreads(Action<int> caller)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, Callers).Select(number => new Thread(() =>
        {
            try
            {
                caller(number);
            }
            catch (Exception failed)
            {
                failures.Enqueue(failed);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (!failures.IsEmpty)
        {
            throw new AggregateException(failures);
        }
    }

    // A question: its caller's number and its round. Its answer: both, over and over.
    private async Task ServeAsync(ConnectionContext connection, long most, bool abrupt = false)
    {
        PipeReader input = connection.Transport.Input;
        PipeWriter output = connection.Transport.Output;
        int skip = 24;
        try
        {
            for (long answered = 0; answered < most;)
            {
                ReadResult read = await input.ReadAsync();
                if (read.IsCompleted)
                {
                    break;
                }

                if (read.Buffer.Length < skip + Question)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                byte[] question = System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(skip, Question));
                input.AdvanceTo(read.Buffer.GetPosition(skip + Question));
                skip = 0;
                Thread.SpinWait(200); // As long as a small model takes, or so.
                for (int half = 0; half < 2; half++)
                {
                    Fill(output.GetSpan(Answer / 2), question, half);
                    output.Advance(Answer / 2);
                    if ((await output.FlushAsync()).IsCompleted)
                    {
                        return;
                    }

                    Interlocked.Add(ref _left, ((PlainWriter)output).IsBehind ? 1 : 0);
                }

                answered++;
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // Its caller.
        }
        finally
        {
            Interlocked.Add(ref _leftLast, ((PlainWriter)output).IsBehind ? 1 : 0);
            if (abrupt)
            {
                output.Complete();
            }
            else
            {
                await output.CompleteAsync();
            }

            await connection.DisposeAsync();
        }
    }

    private static void Fill(Span<byte> room, byte[] question, int half)
    {
        for (int i = 0; i < Answer / 2; i++)
        {
            room[i] = question[((half * Answer / 2) + i) % Question];
        }
    }

    private static byte[] Bytes(int number, int round) => [.. BitConverter.GetBytes(number), .. BitConverter.GetBytes(round)];

    private static void Ask(Socket caller, int number, int round) => caller.Send(Bytes(number, round));

    private static void Read(Socket caller, int number, int round)
    {
        byte[] question = Bytes(number, round);
        byte[] answer = new byte[Answer];
        for (int got = 0; got < Answer;)
        {
            int piece = caller.Receive(answer.AsSpan(got));
            Assert.IsGreaterThan(0, piece, $"caller {number}, round {round}: the end after {got} bytes");
            got += piece;
        }

        for (int i = 0; i < Answer; i++)
        {
            Assert.AreEqual(question[i % Question], answer[i], $"caller {number}, round {round}, byte {i}");
        }
    }
}
