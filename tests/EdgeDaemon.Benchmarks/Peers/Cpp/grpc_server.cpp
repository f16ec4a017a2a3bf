// The peer: gRPC's C++ callback API over ONNX Runtime, raw tensor contents both ways, as its users write it.
//   grpc_server LIBRARY MODEL SOCKET
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstring>

#include "infer.grpc.pb.h"
#include "ort.hpp"

class Service final : public inference::GRPCInferenceService::CallbackService {
 public:
  explicit Service(Model& model) : model_(model) {}

  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context, const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override {
    auto* reactor = context->DefaultReactor();
    if (request->raw_input_contents_size() != 1 || request->raw_input_contents(0).size() != model_.in_count * sizeof(float)) {
      reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, "wrong size"});
      return reactor;
    }
    try {
      std::vector<float> x(model_.in_count), y(model_.out_count);
      std::memcpy(x.data(), request->raw_input_contents(0).data(), x.size() * sizeof(float));
      model_.run(x.data(), y.data());
      response->set_model_name(request->model_name());
      response->set_id(request->id());
      auto* output = response->add_outputs();
      output->set_name(model_.output);
      output->set_datatype("FP32");
      for (auto dimension : model_.out_shape) output->add_shape(dimension);
      response->add_raw_output_contents(y.data(), y.size() * sizeof(float));
      reactor->Finish(grpc::Status::OK);
    } catch (const std::exception& failure) {
      reactor->Finish({grpc::StatusCode::INTERNAL, failure.what()});
    }
    return reactor;
  }

 private:
  Model& model_;
};

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "grpc_server LIBRARY MODEL SOCKET\n"), 2;
  Model model(argv[1], argv[2]);
  Service service(model);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("unix:") + argv[3], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(64 << 20);
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  server->Wait();
}
