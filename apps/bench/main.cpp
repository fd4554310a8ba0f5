#include "verbs.hpp"

int main(int argc, char** argv) {
  using namespace danaus::app;
  const Program program{
      "danaus-bench",
      "time the operations of Danaus on this machine against the libraries one would use instead",
      {bench_transform_verb(), bench_layer_verb(), bench_train_verb(), bench_mri_verb(), bench_io_verb(),
       bench_compare_verb()},
      "first steps:\n"
      "  danaus-bench transform --quick\n"
      "  danaus-bench layer --json > before.json\n"
      "  danaus-bench compare before.json after.json\n"};
  return run_program(program, argc, argv);
}
