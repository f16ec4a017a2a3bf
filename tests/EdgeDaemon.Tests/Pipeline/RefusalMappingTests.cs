using System.Text.RegularExpressions;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class RefusalMappingTests
{
    /// <summary>Those that share a text on purpose: callers must not tell the two apart, or cannot do anything different.</summary>
    private static readonly Refusal[][] SameAnswer =
    [
        [Refusal.RouteUnknown, Refusal.RouteNotExposed],
        [Refusal.AccessUnknownCaller, Refusal.AccessRoleMissing],
        [Refusal.AdmissionPenalty, Refusal.AdmissionRate, Refusal.AdmissionBytesRate, Refusal.AdmissionRequests, Refusal.AdmissionSmoothing, Refusal.AdmissionTensorBytes],
        [Refusal.AdmissionMemory, Refusal.AdmissionQueueFull],
        [Refusal.None, Refusal.Internal],
    ];

    [TestMethod]
    public void Every_refusal_has_an_error_status_and_a_text_that_names_nothing_inside()
    {
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            RefusalMapping.PublicAnswer answer = RefusalMapping.Of(refusal);
            Assert.IsTrue(answer.Status is >= 400 and <= 599, $"{refusal}: {answer.Status}");
            Assert.IsFalse(string.IsNullOrWhiteSpace(answer.Text), $"{refusal}");
            // No limit's value (but names of formats), no path, no file, no type of ours.
            Assert.IsFalse(Regex.IsMatch(answer.Text.Replace("UTF-8", "", StringComparison.Ordinal), @"[0-9/\\]|\.\w|[{}\p{Cc}]|Exception"), $"{refusal}: {answer.Text}");
        }
    }

    [TestMethod]
    public void Both_wires_give_a_refusal_the_same_meaning()
    {
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            RefusalMapping.PublicAnswer answer = RefusalMapping.Of(refusal);
            GrpcStatus[] fitting = answer.Status switch
            {
                400 => [GrpcStatus.InvalidArgument, GrpcStatus.Cancelled],
                401 => [GrpcStatus.Unauthenticated],
                403 => [GrpcStatus.PermissionDenied],
                404 => [GrpcStatus.NotFound, GrpcStatus.Unimplemented],
                405 or 415 => [GrpcStatus.Unimplemented],
                408 or 504 => [GrpcStatus.DeadlineExceeded],
                411 => [GrpcStatus.InvalidArgument],
                413 => [GrpcStatus.ResourceExhausted],
                429 => [GrpcStatus.ResourceExhausted],
                503 => [GrpcStatus.Unavailable, GrpcStatus.Cancelled],
                _ => [GrpcStatus.Internal, GrpcStatus.ResourceExhausted],
            };
            CollectionAssert.Contains(fitting, answer.Grpc, $"{refusal}");
        }
    }

    [TestMethod]
    public void Every_refusal_has_a_text_of_its_own_but_for_the_pairs_that_must_not()
    {
        foreach (var group in Enum.GetValues<Refusal>().GroupBy(refusal => RefusalMapping.Of(refusal).Text))
        {
            Refusal[] members = [.. group];
            Assert.IsTrue(members.Length == 1 || SameAnswer.Any(same => same.SequenceEqual(members)), $"{group.Key}: {string.Join(", ", members)}");
        }
    }

    [TestMethod]
    public void Only_what_is_wrong_with_the_daemon_or_a_model_is_a_failure()
    {
        Refusal[] failures = [.. Enum.GetValues<Refusal>().Where(RefusalMapping.IsFailure)];
        CollectionAssert.AreEqual(
            (Refusal[])[Refusal.None, Refusal.EngineFailed, Refusal.EngineMemory, Refusal.OutputNotFinite, Refusal.OutputNotText, Refusal.OutputTooLarge, Refusal.Internal], failures);
    }
}
