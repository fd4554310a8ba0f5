# Made the affines and quaternions of geometry_test.cpp, by nibabel's code: independent of ours.
#
#     python3 nifti_affine.py        (needs numpy and nibabel)
#
# Given a file, prints what nibabel reads: python3 nifti_affine.py image.nii

import sys

import nibabel
import numpy as np
from nibabel.nifti1 import Nifti1Header

np.set_printoptions(precision=9, suppress=True)
if len(sys.argv) > 1:
    image = nibabel.load(sys.argv[1])
    print("shape", image.shape, "zooms", image.header.get_zooms(), "units", image.header.get_xyzt_units())
    print("qform", image.header.get_qform(coded=True))
    print("sform", image.header.get_sform(coded=True))
    print("description", image.header["descrip"])
    print("sum", float(np.asarray(image.dataobj).sum()))
    sys.exit()

a, b = np.radians(30), np.radians(20)
read = np.array([np.cos(a), np.sin(a) * np.cos(b), np.sin(a) * np.sin(b)])
phase = np.array([-np.sin(a), np.cos(a) * np.cos(b), np.cos(a) * np.sin(b)])
across = np.array([0, -np.sin(b), np.cos(b)])
centre = np.array([12.0, -34, 56])
to_ras = np.diag([-1.0, -1, 1])


def show(name, axes, voxel, middle, centre):
    affine = np.eye(4)
    affine[:3, :3] = to_ras @ np.stack(axes, axis=1) @ np.diag(voxel)
    affine[:3, 3] = to_ras @ centre - affine[:3, :3] @ np.array(middle)
    header = Nifti1Header()
    header.set_data_shape((2, 2, 2))
    header.set_qform(affine, code=1, strip_shears=False)
    print(name)
    print(affine[:3])
    print("quaternion", float(header["quatern_b"]), float(header["quatern_c"]), float(header["quatern_d"]), "qfac",
          float(header["pixdim"][0]))


# blobs.ismrmrd.h5: volume (readout, step 1, step 2) of 8 x 12 x 10, voxels 5 x 5 x 2 mm; from slice 3 on
show("blobs", (read, phase, across), (5, 5, 2), (4, 6, 5), centre)
show("blobs, first slice 3", (read, phase, across), (5, 5, 2), (1, 6, 5), centre)
# stack.ismrmrd.h5: slices against slice_dir, 25 mm apart; plane (readout, step 1) of 4 x 4, voxels 10 x 15 mm
show("stack", (-across, read, phase), (25, 10, 15), (1, 2, 2), centre)
