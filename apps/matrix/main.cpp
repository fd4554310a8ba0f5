#include "verbs.hpp"

#include <common/program.hpp>

int main(int argc, char** argv) {
  using namespace danaus::app;
  const Program program{
      "danaus-matrix",
      "project, factorise and apply Monarch matrices",
      {project_verb(), factorize_verb(), transform_verb(), apply_verb(), info_verb(), check_verb()},
      "first steps:\n"
      "  danaus-matrix project --in weight.npy --block 32 --out monarch.h5\n"
      "  danaus-matrix transform --kind dft --size 360 --block 18 --out dft.h5\n"
      "  danaus-matrix apply --matrix dft.h5 --in vectors.npy --out spectra.npy\n"};
  return run_program(program, argc, argv);
}
