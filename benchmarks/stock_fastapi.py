"""The server beside which noiser's is measured: FastAPI's upload endpoint, as people write it.

    python benchmarks/stock_fastapi.py [--port 8000]

It follows FastAPI's own pages on uploads: `UploadFile`, a function in the thread pool, uvicorn
as it is. Needs fastapi, uvicorn and python-multipart.
"""

import argparse
import io

import uvicorn
from fastapi import FastAPI, HTTPException, Response, UploadFile
from PIL import Image

import noiser

app = FastAPI()


@app.post("/v1/enhance")
def enhance(image: UploadFile) -> Response:
    """Enhance one uploaded picture, and give it back in its own format."""
    try:
        picture = Image.open(image.file)
        buffer = io.BytesIO()
        noiser.enhance(picture).save(buffer, picture.format)
    except Exception as error:
        raise HTTPException(status_code=422, detail=str(error)) from error
    return Response(buffer.getvalue(), media_type=Image.MIME[picture.format])


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    uvicorn.run(app, port=parser.parse_args().port, log_level="info")
