#include <danaus/pde/models/neural_operator.hpp>
#include <danaus/pde/models/trained_operator.hpp>
#include <danaus/train/checkpoint.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <filesystem>

using namespace danaus;
using namespace danaus::pde;

TEST_CASE("a trained operator is loaded from its checkpoint alone and applied to device views", "[pde]") {
  ModelConfig config;
  config.model = GENERATE("fno", "monarch-no");
  config.points_x = 12, config.points_y = 9, config.history = 2, config.modes = 3, config.width = 4,
  config.layers = 2;
  config.increment = true;
  const auto model = create_model(config, 3);
  optim::Adam<float> adam(model->parameters(), {});
  const auto path =
      std::filesystem::temp_directory_path() / ("danaus_trained_operator_" + config.model + ".h5");
  io::FileHeader header;
  header.created_by = "danaus test";
  header.command = "test";
  train::write_checkpoint<float>(path, header, *model, adam, {});

  TrainedOperator next(path);
  CHECK(next.inputs() == 2);
  const auto a = test::normal<float, 4>({3, 12, 9, 1}, 1), b = test::normal<float, 4>({3, 12, 9, 1}, 2);
  Tape tape({}, Recording::off);
  const auto expected =
      model->step(tape, {train::Frame<float>::constant(a), train::Frame<float>::constant(b)}).value;
  CHECK(test::max_difference(next(Exec{}, {a, b}), expected) == 0);
  // Again, with its own prediction in the history.
  HostTensor<float, 4> kept = to_host(next(Exec{}, {a, b}));
  const auto again = next(Exec{}, {b, to_device<float, 4>(kept)});
  const auto expected_again =
      model->step(tape, {train::Frame<float>::constant(b), train::Frame<float>::constant(expected)});
  CHECK(test::max_difference(again, expected_again.value) == 0);

  CHECK_THROWS_WITH(next(Exec{}, {a}), "TrainedOperator: expected 2 frames, found 1");
  CHECK_THROWS_AS(next(Exec{}, {a, zeros<float, 4>("b", {3, 12, 8, 1})}), ShapeError);
  CHECK_THROWS_AS(TrainedOperator("no/such/file.h5"), MissingInputError);
  std::filesystem::remove(path);
}
