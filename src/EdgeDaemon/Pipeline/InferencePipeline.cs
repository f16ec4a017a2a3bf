using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The path of an inference request, and the only place that knows its order. Each stage is owned by its folder, knows
/// no other stage, and refuses by throwing <see cref="RefusedException"/>.
/// </summary>
internal sealed class InferencePipeline(ModelRegistry models, RequestAdmission admission, RequestDecoder decoder, LimitSettings limits)
{
    public async ValueTask InferAsync(HttpExchange exchange, RestRoute route)
    {
        ServedModel model = models.Find(route);
        RequestBody body = new(exchange.Body, exchange.ContentLength, limits, exchange.Aborted);
        admission.Enter(exchange, body);

        using RequestHead head = await decoder.ReadHeadAsync(exchange, body, model);
        InputPlan plan = InputValidation.Plan(head, model);
        using Grant grant = admission.Grant(model, plan);

        await decoder.ReadTensorsAsync(body, head, plan, grant);
        InputValidation.CheckValues(plan, grant, model);
        Preprocessing.Apply(plan, grant, model);

        using LaneHold lane = await model.Engine.EnterAsync(exchange.Aborted);
        Votes votes = lane.Run(grant);
        await ResponseEncoder.WriteAsync(exchange, head, model, votes, limits);
    }
}
